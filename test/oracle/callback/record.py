"""Writes what ansible-playbook reports as lines of JSON, into the file that ORACLE_RECORD names."""
import json
import os

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase, strip_internal_keys
from ansible.vars.clean import module_response_deepcopy


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'record'

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._file = open(os.environ['ORACLE_RECORD'], 'w', encoding='utf-8')

    def _write(self, **line):
        self._file.write(json.dumps(line, cls=AnsibleJSONEncoder) + '\n')
        self._file.flush()

    def _task(self, result, status, ignored=False):
        seen = strip_internal_keys(module_response_deepcopy(result._result))
        self._write(
            type='task', host=result._host.get_name(), task=result.task_name, action=result._task.action,
            status=status, ignored=bool(ignored), result=seen)

    def _item(self, result, status):
        seen = result._result
        self._write(
            type='item', host=result._host.get_name(), task=result.task_name, status=status,
            label=seen.get('_ansible_item_label', seen.get(seen.get('ansible_loop_var', 'item'))))

    def v2_runner_on_ok(self, result):
        self._task(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._task(result, 'failed', ignore_errors)

    def v2_runner_on_skipped(self, result):
        self._task(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self._task(result, 'unreachable')

    def v2_runner_item_on_ok(self, result):
        self._item(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_item_on_failed(self, result):
        self._item(result, 'failed')

    def v2_runner_item_on_skipped(self, result):
        self._item(result, 'skipped')

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._write(type='recap', hosts=hosts)
