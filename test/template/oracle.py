"""Answers test cases with Ansible's own templar: JSON on stdin, JSON on stdout. See oracle.test.ts."""
import json
import os
import sys

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "0"
os.environ["ANSIBLE_DEPRECATION_WARNINGS"] = "0"
os.environ["TZ"] = "UTC"

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook.conditional import Conditional  # noqa: E402
from ansible.template import Templar, _fail_on_undefined  # noqa: E402
from ansible.template.vars import AnsibleJ2Vars  # noqa: E402
from ansible.utils.display import Display  # noqa: E402
from jinja2 import DictLoader  # noqa: E402

Display.warning = lambda *args, **kwargs: None


def plain(value):
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range, set)) or hasattr(value, "__next__") or type(value).__name__.startswith("dict_"):
        return [plain(item) for item in value]
    return value


def expression(templar, text):
    compiled = templar.environment.compile_expression("(" + text + "\n)", undefined_to_none=False)
    template = compiled._template
    context = template.new_context(AnsibleJ2Vars(templar, template.globals), shared=True)
    for _ in template.root_render_func(context):
        pass
    return plain(_fail_on_undefined(context.vars["result"]))


def condition(templar, text, variables):
    holder = Conditional.__new__(Conditional)
    return bool(holder._check_conditional(text, templar, variables))


def answer(templar, case, variables):
    kind, text = case["kind"], case["text"]
    if kind == "expression":
        return expression(templar, text)
    if kind == "printed":
        return templar.template("<{{ " + text + " }}>", convert_data=False)
    if kind == "value":
        return plain(templar.template(text))
    if kind == "condition":
        return condition(templar, text, variables)
    options = {"trim_blocks": True, "lstrip_blocks": False, **case.get("overrides", {})}
    environment = templar.copy_with_new_env(**options)
    return environment.do_template(text, preserve_trailing_newlines=True, escape_backslashes=False)


def main():
    given = json.load(sys.stdin)
    results = []
    for case in given["cases"]:
        templar = Templar(loader=DataLoader(), variables=given["variables"])
        templar.environment.loader = DictLoader(given["templates"])
        try:
            results.append({"value": answer(templar, case, given["variables"])})
        except Exception as error:  # noqa: BLE001
            results.append({"error": str(error)[:200]})
    json.dump(results, sys.stdout, default=str)


main()
