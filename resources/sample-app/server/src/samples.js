/** DNA samples with their analyses, and the school classes that they belong to. */
import { Router } from 'express'
import { RequestError } from './errors.js'
import { optionalId, sequence, text } from './validate.js'

const withRelations = {
  schoolClass: { select: { id: true, name: true } },
  createdBy: { select: { name: true } },
  analysis: { select: { sequence: true, length: true, gcContent: true } },
}

/** GET / → { samples } newest first, at most 100 · POST / { name, organism, classId?, sequence? } → { sample } */
export const samplesRouter = database => Router()
  .get('/', async (request, response) => {
    const samples = await database.sample.findMany({ include: withRelations, orderBy: { createdAt: 'desc' }, take: 100 })
    response.json({ samples })
  })
  .post('/', async (request, response) => {
    const { body, user } = request
    const classId = optionalId(body, 'classId')
    if (classId && !await database.schoolClass.findUnique({ where: { id: classId } })) throw new RequestError(400, 'There is no such class.', 'classId')
    const analysis = body.sequence ? analyse(sequence(body, 'sequence')) : undefined
    const sample = await database.sample.create({
      data: {
        name: text(body, 'name', 80),
        organism: text(body, 'organism', 80),
        classId,
        createdById: user.id,
        status: analysis ? 'analysed' : 'registered',
        analysis: analysis && { create: analysis },
      },
      include: withRelations,
    })
    response.status(201).json({ sample })
  })

/** GET / → { classes } by name · POST / { name } → { class }, for teachers and directors */
export const classesRouter = database => Router()
  .get('/', async (request, response) => {
    response.json({ classes: await database.schoolClass.findMany({ select: { id: true, name: true }, orderBy: { name: 'asc' } }) })
  })
  .post('/', async (request, response) => {
    if (request.user.role === 'student') throw new RequestError(403, 'Only teachers and directors open classes.')
    const name = text(request.body, 'name', 60)
    try {
      const created = await database.schoolClass.create({ data: { name, teacherId: request.user.id }, select: { id: true, name: true } })
      response.status(201).json({ class: created })
    } catch (error) {
      if (error.code === 'P2002') throw new RequestError(409, 'There is a class of this name already.', 'name') // unique constraint
      throw error
    }
  })

/** Length and GC content (0 to 1, of the known bases) of a clean sequence. */
export function analyse(bases) {
  const known = bases.replaceAll('N', '').length
  const gc = bases.replace(/[^GC]/g, '').length
  return { sequence: bases, length: bases.length, gcContent: known === 0 ? null : gc / known }
}
