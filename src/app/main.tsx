/** Starts the page: reads the address, makes the laboratory, draws it. */
import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/ActionIcon.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/InlineInput.css';
import '@mantine/core/styles/NumberInput.css';
import '@mantine/core/styles/Slider.css';
import '@mantine/core/styles/Switch.css';
import '@mantine/core/styles/Popover.css';
import '@mantine/core/styles/Menu.css';
import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';
import './app.css';
import './sweep.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { decodeLink } from '../spec/link';
import { Laboratory } from '../store/laboratory';
import { openStorage } from '../store/storage';
import { createLabStore } from '../store/store';
import { App } from './App';
import { readAddress } from './address';
import { LabProvider } from './LabContext';
import { cssVariables, theme } from './theme';

const { spec, problems, digest } = decodeLink(readAddress(location.hash).experiment);
const store = createLabStore(spec);
if (digest) store.getState().recipeReplaced(spec, { digest });
store.getState().problemsFound(problems);
const laboratory = new Laboratory(store, {
  createTrainer: () =>
    new Worker(new URL('../../workers/train.worker.ts', import.meta.url), { type: 'module', name: 'train' }),
  createViewer: () =>
    new Worker(new URL('../../workers/view.worker.ts', import.meta.url), { type: 'module', name: 'view' }),
  cores: navigator.hardwareConcurrency || 2,
  phone: matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) < 600,
  storage: openStorage(),
  newId,
  visibility: {
    isHidden: () => document.hidden,
    onChange: (listener) => {
      document.addEventListener('visibilitychange', listener);
      return () => document.removeEventListener('visibilitychange', listener);
    },
    now: () => Date.now(),
  },
});

/** `crypto.randomUUID` exists on secure pages only; a lab served over plain HTTP in a classroom must work too. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const root = document.getElementById('root');
if (!root) throw new Error('expected an element “root” in the page');
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <LabProvider laboratory={laboratory}>
        <App />
      </LabProvider>
    </MantineProvider>
  </StrictMode>,
);
