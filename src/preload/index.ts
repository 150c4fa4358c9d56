/** A generic bridge that exchanges text with the main process, without any business logic. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'
import { channels, type Bridge } from '../shared/bridge'

const bridge: Bridge = {
  connect({ onMessage, onClose }) {
    const line = crypto.randomUUID()
    const message = (_: IpcRendererEvent, to: string, data: string): void => {
      if (to === line) onMessage(data)
    }
    const closed = (_: IpcRendererEvent, to: string): void => {
      if (to !== line) return
      forget()
      onClose()
    }
    const forget = (): void => {
      ipcRenderer.off(channels.message, message)
      ipcRenderer.off(channels.closed, closed)
    }
    ipcRenderer.on(channels.message, message)
    ipcRenderer.on(channels.closed, closed)
    ipcRenderer.send(channels.open, line)
    return {
      send: data => ipcRenderer.send(channels.message, line, data),
      close: () => {
        forget()
        ipcRenderer.send(channels.closed, line)
      },
    }
  },
}

contextBridge.exposeInMainWorld('bridge', bridge)
