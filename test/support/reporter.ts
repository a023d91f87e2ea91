/** Names every skipped test in red, and ends with the counts on a line of their own. */
import type { Reporter, TestModule } from 'vitest/node';

export default class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()]);
    const skipped = tests.filter(test => test.result().state === 'skipped');
    const count = (state: 'passed' | 'failed') => tests.filter(test => test.result().state === state).length;
    const broken = modules.filter(
      module => module.state() === 'failed' && [...module.children.allTests('failed')].length === 0,
    ).length;
    for (const test of skipped) process.stdout.write(`\u001b[31mskipped: ${test.fullName}\u001b[39m\n`);
    process.stdout.write(
      `\n${count('passed')} passed, ${count('failed') + broken} failed, ${skipped.length} skipped\n`,
    );
  }
}
