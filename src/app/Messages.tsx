/** Bars of words in place: what happened, what is kept, what to do. Never toasts, never a stack trace. */
import { ActionIcon, Button } from '@mantine/core';
import { getField } from '../spec/fields';
import { explainAll, type Problem, type Remedy, remedies } from '../spec/problems';
import { useKnobs, useLab, useLaboratory } from './LabContext';
import { words } from './words';

export function Messages() {
  const laboratory = useLaboratory();
  const messages = useLab((state) => state.messages);
  const shared = useLab((state) => state.shared);
  const hasRun = useLab((state) => state.currentId !== null);
  return (
    <div className="messages" aria-live="polite">
      {shared && !hasRun && (
        <div className="bar note">
          <p>{words.shared.note}</p>
        </div>
      )}
      {messages.map(({ id, problems, runId }) => (
        <div key={id} className="bar" data-testid="message">
          <p>{explainAll(problems)}</p>
          <Remedies problems={problems} runId={runId} onDone={() => laboratory.store.getState().messageClosed(id)} />
          <ActionIcon
            variant="transparent"
            color="gray"
            size={28}
            aria-label={words.messages.close}
            onClick={() => laboratory.store.getState().messageClosed(id)}
          >
            ×
          </ActionIcon>
        </div>
      ))}
    </div>
  );
}

/** What each remedy does here; those this page cannot do yet are not offered. */
function Remedies({
  problems,
  runId,
  onDone,
}: {
  problems: readonly Problem[];
  runId: string | null;
  onDone: () => void;
}) {
  const laboratory = useLaboratory();
  const knobs = useKnobs();
  const actionOf = (problem: Problem, remedy: Remedy): (() => void) | null => {
    switch (remedy.act) {
      case 'set':
        return () => void laboratory.edit(remedy.path, remedy.value);
      case 'runSeedAgain':
        return problem.kind === 'workerCrashed' && runId !== null
          ? () => laboratory.restartSeed(runId, problem.seed)
          : null;
      case 'halveLearningRate': {
        const phase = 'at' in problem && problem.at ? problem.at.phase : 'offline';
        const path = `${phase}.params.learningRate`;
        const rate = getField(knobs, path);
        return typeof rate === 'number' ? () => void laboratory.edit(path, rate / 2) : null;
      }
      case 'show':
      case 'saveWorkspace':
        return null;
      default:
        return remedy satisfies never;
    }
  };
  return problems.flatMap((problem) =>
    remedies(problem).flatMap((remedy) => {
      const act = actionOf(problem, remedy);
      if (!act) return [];
      return (
        <Button
          key={remedy.label}
          size="compact-sm"
          variant="default"
          onClick={() => {
            act();
            onDone();
          }}
        >
          {remedy.label}
        </Button>
      );
    }),
  );
}
