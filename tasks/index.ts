/** The registry: every task module by name. Adding a module is one line here; keep the lines sorted. */
import type { AnyTaskModule } from '../src/core/task-module.ts';
import { apt } from './apt.ts';
import { assert } from './assert.ts';
import { blockinfile } from './blockinfile.ts';
import { command } from './command.ts';
import { copy } from './copy.ts';
import { debug } from './debug.ts';
import { dnf } from './dnf.ts';
import { docker_container } from './docker_container.ts';
import { docker_engine } from './docker_engine.ts';
import { docker_image } from './docker_image.ts';
import { docker_network } from './docker_network.ts';
import { fail } from './fail.ts';
import { file } from './file.ts';
import { getent } from './getent.ts';
import { girofle_schedule } from './girofle_schedule.ts';
import { gitlab_backup } from './gitlab_backup.ts';
import { gitlab_backup_verify } from './gitlab_backup_verify.ts';
import { gitlab_backups } from './gitlab_backups.ts';
import { gitlab_boot } from './gitlab_boot.ts';
import { gitlab_drill } from './gitlab_drill.ts';
import { gitlab_fleet } from './gitlab_fleet.ts';
import { gitlab_instance } from './gitlab_instance.ts';
import { gitlab_instances } from './gitlab_instances.ts';
import { gitlab_metrics } from './gitlab_metrics.ts';
import { gitlab_push } from './gitlab_push.ts';
import { gitlab_remote } from './gitlab_remote.ts';
import { gitlab_repair } from './gitlab_repair.ts';
import { gitlab_restorable } from './gitlab_restorable.ts';
import { gitlab_restore } from './gitlab_restore.ts';
import { gitlab_restore_confirm } from './gitlab_restore_confirm.ts';
import { group } from './group.ts';
import { ini_file } from './ini_file.ts';
import { lineinfile } from './lineinfile.ts';
import { packageTask } from './package.ts';
import { ping } from './ping.ts';
import { replace } from './replace.ts';
import { script } from './script.ts';
import { service } from './service.ts';
import { set_fact } from './set_fact.ts';
import { setup } from './setup.ts';
import { shell } from './shell.ts';
import { slurp } from './slurp.ts';
import { stat } from './stat.ts';
import { tempfile } from './tempfile.ts';
import { template } from './template.ts';
import { uri } from './uri.ts';
import { user } from './user.ts';
import { wait_for } from './wait_for.ts';
import { yum } from './yum.ts';

const all: readonly AnyTaskModule[] = [
  apt,
  assert,
  blockinfile,
  command,
  copy,
  debug,
  dnf,
  docker_container,
  docker_engine,
  docker_image,
  docker_network,
  fail,
  file,
  getent,
  girofle_schedule,
  gitlab_backup,
  gitlab_backup_verify,
  gitlab_backups,
  gitlab_boot,
  gitlab_drill,
  gitlab_fleet,
  gitlab_instance,
  gitlab_instances,
  gitlab_metrics,
  gitlab_push,
  gitlab_remote,
  gitlab_repair,
  gitlab_restorable,
  gitlab_restore,
  gitlab_restore_confirm,
  group,
  ini_file,
  lineinfile,
  packageTask,
  ping,
  replace,
  script,
  service,
  set_fact,
  setup,
  shell,
  slurp,
  stat,
  tempfile,
  template,
  uri,
  user,
  wait_for,
  yum,
];

export const modules: ReadonlyMap<string, AnyTaskModule> = new Map(all.map(module => [module.name, module]));
