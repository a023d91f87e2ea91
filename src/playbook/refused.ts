/** What Ansible has and this version has not: each is refused by name, with what to do instead. */

/** Keyword or module → what to do instead. */
type Refused = Readonly<Record<string, string>>;

export const refusedInPlays: Refused = {
  become_flags: 'set ansible_become_flags in the inventory',
  become_exe: 'leave it out: sudo is used',
  fact_path: 'leave it out: there are no local facts',
  gather_timeout: 'leave it out: facts have a time limit of their own',
  debugger: 'leave it out; -v shows more',
  throttle: 'use serial on the play',
  user: 'use remote_user',
};

export const refusedInTasks: Refused = {
  async: 'leave it out: a long task shows what it says, and timeout limits it',
  poll: 'leave it out, as async',
  throttle: 'use serial on the play',
  debugger: 'leave it out; -v shows more',
  connection: 'use delegate_to: localhost, or set it on the play',
  remote_user: 'set it on the play, or use become_user',
  port: 'set it on the play',
  become_flags: 'set ansible_become_flags in the inventory',
  become_exe: 'leave it out: sudo is used',
  sudo: 'use become',
  sudo_user: 'use become_user',
  first_available_file: 'use vars_files with a list, or when',
};

export const refusedModules: Refused = {
  include: 'use include_tasks or import_tasks',
  include_vars: 'use vars_files, or vars on the task',
  add_host: 'put the host into the inventory',
  group_by: 'put the group into the inventory, or use when',
  import_playbook: 'it stands among plays, not among tasks',
  async_status: 'leave async out',
};

export const refusedMeta: Refused = {
  refresh_inventory: 'put the hosts into the inventory before the run',
  reset_connection: 'leave it out: a change of groups is seen by the next run',
  end_role: 'put the rest of the role into a block with when',
};

/** `roles is not supported in this version` */
export function notSupported(name: string): string {
  return `${name} is not supported in this version`;
}
