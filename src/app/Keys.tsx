/** All keys, and the switch that turns single keys off. */
import { ActionIcon, Popover, Switch } from '@mantine/core';
import { words } from './words';

interface Props {
  readonly opened: boolean;
  readonly onChange: (open: boolean) => void;
  readonly singleKeys: boolean;
  readonly onSingleKeys: (on: boolean) => void;
}

export function Keys({ opened, onChange, singleKeys, onSingleKeys }: Props) {
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-end" width={330} shadow="none" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          className="keys-button"
          variant="subtle"
          color="gray"
          size={32}
          aria-label={words.header.help}
          title={words.header.help}
          onClick={() => onChange(!opened)}
        >
          ?
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={words.keys.title}>
        <Switch
          label={words.keys.single}
          description={words.keys.singleHelp}
          checked={singleKeys}
          onChange={(event) => onSingleKeys(event.currentTarget.checked)}
        />
        <dl className="keys">
          {words.keys.list.map(([key, meaning]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}
