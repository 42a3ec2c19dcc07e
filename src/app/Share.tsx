/** The share popover: the link with its length, what it carries, and the command line that repeats it. */
import { Button, Popover, SegmentedControl } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { commandOf } from '../spec/command';
import { encodeLink } from '../spec/link';
import { fileName, saveFile } from './exports';
import { useCurrentRun, useLab } from './LabContext';
import { words } from './words';

const longLink = 2000;

export function Share({ opened, onChange }: { opened: boolean; onChange: (open: boolean) => void }) {
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-end" width={360} shadow="none" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => onChange(!opened)}>
          {words.header.share}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={words.share.title}>{opened && <ShareContent />}</Popover.Dropdown>
    </Popover>
  );
}

function ShareContent() {
  const recipe = useLab((state) => state.recipe);
  const digest = useCurrentRun()?.digest ?? null;
  const [withResult, setWithResult] = useState(true);
  const fragment = encodeLink(recipe, digest !== null && withResult ? { digest } : {});
  const link = `${location.href.replace(/#.*$/, '')}${fragment}`;
  const command = commandOf(recipe);
  return (
    <div className="share">
      {digest !== null && (
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={words.share.content}
          value={withResult ? 'result' : 'settings'}
          onChange={(value) => setWithResult(value === 'result')}
          data={[
            { value: 'result', label: words.share.result },
            { value: 'settings', label: words.share.settings },
          ]}
        />
      )}
      <CopyLine label={words.share.link} note={words.share.length(link.length)} text={link} primary />
      {link.length > longLink && (
        <p className="share-note">
          {words.share.tooLong}{' '}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() =>
              saveFile(fileName(recipe.preset, 'json'), 'application/json', JSON.stringify(recipe, null, 2))
            }
          >
            {words.share.file}
          </Button>
        </p>
      )}
      <CopyLine label={words.share.command} text={command} />
    </div>
  );
}

const copiedMilliseconds = 2000;
function CopyLine({
  label,
  note,
  text,
  primary = false,
}: {
  label: string;
  note?: string;
  text: string;
  primary?: boolean;
}) {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (state !== 'copied') return;
    const timer = setTimeout(() => setState('ready'), copiedMilliseconds);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      // Without permission (or outside a secure page) the selected text can still be copied by hand.
      input.current?.select();
      setState('refused');
    }
  };
  return (
    <div className="copy-line">
      <div className="copy-head">
        <span>{label}</span>
        {note && <span className="third">{note}</span>}
      </div>
      <div className="copy-row">
        <input ref={input} readOnly value={text} aria-label={label} onFocus={(event) => event.currentTarget.select()} />
        <Button
          variant={primary ? 'filled' : 'default'}
          onClick={copy}
          aria-label={primary ? undefined : `${words.share.copy}: ${label}`}
        >
          {state === 'copied' ? words.share.copied : words.share.copy}
        </Button>
      </div>
      <span role="status" className={state === 'refused' ? 'share-note' : 'visually-hidden'}>
        {state === 'copied' ? words.share.copied : state === 'refused' ? words.share.refused : ''}
      </span>
    </div>
  );
}
