/** The system's own dialogs: no test can click them, so their answer is put in their place in the main process. */
import type { ElectronApplication } from '@playwright/test'

export interface Asked {
  readonly message: string
  readonly detail?: string
  readonly buttons?: string[]
}

/** From now on every message box is answered at once with this button. */
export async function answerDialogs(app: ElectronApplication, button: string): Promise<void> {
  await app.evaluate(({ dialog }, wanted) => {
    const asked: unknown[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = (...args: unknown[]) => {
      const options = args.at(-1) as { buttons?: string[] }
      asked.push(options)
      return Promise.resolve({ response: options.buttons?.indexOf(wanted) ?? -1, checkboxChecked: false })
    }
  }, button)
}

/** What was asked since. */
export const askedDialogs = (app: ElectronApplication): Promise<Asked[]> =>
  app.evaluate(() => (globalThis as unknown as { asked: Asked[] }).asked)
