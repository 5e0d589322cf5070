// Light, dark, or what the system says.

import { effect, signal } from './deps.js';
import { settings } from './session.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);
dark.addEventListener('change', () => { systemIsDark.value = dark.matches; });

export const theme = signal('light');

export function applyTheme() {
  effect(() => {
    const { theme: asked, density } = settings.value;
    theme.value = asked === 'system' ? (systemIsDark.value ? 'dark' : 'light') : asked;
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.dataset.density = density;
  });
}
