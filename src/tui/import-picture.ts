/** Loads Ink: a third of a second, hence only where a screen is shown. */
import type * as Screen from './screen.tsx';

/**
 * Ink and what it uses look at the environment while they are loaded: at FORCE_COLOR but not at NO_COLOR, and at DEV for
 * tools that are not here. They see what is right for them; nobody else does, once they are loaded.
 */
export async function importPicture(colour: boolean): Promise<typeof Screen> {
  const seen = { FORCE_COLOR: process.env['FORCE_COLOR'], DEV: process.env['DEV'] };
  if (!colour) process.env['FORCE_COLOR'] = '0';
  delete process.env['DEV'];
  try {
    return await import('./screen.tsx');
  } finally {
    for (const [name, value] of Object.entries(seen)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}
