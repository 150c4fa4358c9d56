/** One's own account and its picture. */
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Router } from 'express'
import multer from 'multer'
import { publicUser } from './auth.js'
import { RequestError } from './errors.js'

const maxBytes = 2 * 1024 * 1024

/** GET / → { user } · PUT /picture, multipart with one file `picture` (PNG, JPEG or WebP, at most 2 MB) → { user } */
export function profileRouter(config, database) {
  const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: maxBytes, files: 1, fields: 0 } })
  return Router()
    .get('/', (request, response) => { response.json({ user: publicUser(request.user) }) })
    .put('/picture', upload.single('picture'), async (request, response) => {
      if (!request.file) throw new RequestError(400, 'Please choose a picture.', 'picture')
      const extension = imageExtension(request.file.buffer)
      if (!extension) throw new RequestError(415, 'Only PNG, JPEG and WebP pictures.', 'picture')
      const profilePicture = `${randomUUID()}.${extension}`
      await writeFile(join(config.picturesFolder, profilePicture), request.file.buffer)
      const user = await database.user.update({ where: { id: request.user.id }, data: { profilePicture } })
      if (request.user.profilePicture) await rm(join(config.picturesFolder, request.user.profilePicture), { force: true })
      response.json({ user: publicUser(user) })
    })
}

/** By the file's first bytes: neither its name nor the type that the browser claims can be trusted. */
function imageExtension(bytes) {
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'png'
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'jpg'
  if (bytes.subarray(0, 4).toString('latin1') === 'RIFF' && bytes.subarray(8, 12).toString('latin1') === 'WEBP') return 'webp'
  return undefined
}
