import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { judge, refuses } from '../domain/preflight/checks.ts';
import { verdictLines } from '../output/verdict-list.ts';
import { observeAll } from '../workflow/observe-all.ts';
import { surveyNode } from '../workflow/survey.ts';
import { type Call, callText } from './command.ts';
import { compose } from './compose.ts';
import { damageAside, missingVerdicts, stateVerdicts } from './doctor-state.ts';
import { inventoryOf } from './inventory-of.ts';
import { nodeNamed, policyOf } from './node-policy.ts';
import { listen } from './signals.ts';

/** Judges every precondition of every node; changes nothing. Exits 13 where something has to be mended. */
export async function runDoctor(call: Call): Promise<ExitCode> {
  const { host, globals } = call;
  const cluster = await inventoryOf(call);
  const nodes = call.args.length === 0 ? cluster.nodes : call.args.map((name) => nodeNamed(cluster, name));
  const policy = policyOf(cluster, call);
  const stop = listen(host);
  const { world: composed, close } = compose(cluster, call);
  const { world, verdicts: damaged } = damageAside(composed, callText(call));
  try {
    const observing = observeAll(world, 'full', stop.signal);
    const [state, lost, inputs] = await Promise.all([
      stateVerdicts(call, cluster, stop.signal),
      observing.then((observation) => missingVerdicts(call, cluster, observation, stop.signal)),
      Promise.all(
        nodes.map((node) =>
          surveyNode(world, observing, { node, purpose: 'doctor', policy, asker: null }, stop.signal),
        ),
      ),
    ]);
    const verdicts = [...state, ...lost, ...damaged(), ...inputs.flatMap((input) => judge(input))];
    if (globals.json) host.stdout.write(`${JSON.stringify({ v: 1, cluster: cluster.name, verdicts })}\n`);
    else {
      const lines = verdictLines(verdicts, { verbose: globals.verbose, refusal: 'problem' });
      for (const line of lines) host.stdout.write(`${line}\n`);
    }
    return refuses(verdicts) ? EXIT.problems : EXIT.done;
  } finally {
    stop.dispose();
    await close();
  }
}
