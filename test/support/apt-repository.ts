/** A package repository in a folder of a Debian host, so that tests of apt need no network and no version ever changes. */

/** Shell text for `prepare`: makes the packages and has apt know them alone. */
export const APT_REPOSITORY = `
set -e
mkdir -p /srv/repository && cd /srv/repository
package() {
  mkdir -p "b/DEBIAN" "b/etc/$1"
  printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: nobody <nobody@example.org>\\nDescription: for tests\\n' "$1" "$2" > b/DEBIAN/control
  if [ -n "$3" ]; then echo "$3" >> b/DEBIAN/control; fi
  echo "$2" > "b/etc/$1/version"; echo "/etc/$1/version" > b/DEBIAN/conffiles
  dpkg-deb -Znone -b b "$1_$2_all.deb" >/dev/null
  rm -r b
}
package tool 1.0
package tool 1.1
package suite 2.0 'Depends: part'
package part 3.0 'Provides: spare-part'
for file in *.deb; do
  dpkg-deb -f "$file"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
done > Packages
echo 'deb [trusted=yes] file:/srv/repository ./' > /etc/apt/sources.list
`;
