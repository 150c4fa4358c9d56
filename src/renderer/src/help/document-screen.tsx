/** One of the documents that come with the app. */
import { Anchor } from '@mantine/core'
import { Fragment, useEffect } from 'react'
import { Link } from 'wouter'
import { useAddressState } from '../app/address'
import { BackLink, EmptyState, Page } from '../app/page'
import { documentAt, linkedFrom, sectionOf } from './documents'
import { blocksOf, inlinesOf, type Block } from './markdown'
import classes from './document.module.css'

/** @param path in the project, e.g. `docs/cli.md` */
export function DocumentScreen({ path }: { path: string }) {
  const state = useAddressState()
  useEffect(() => showSection(state), [state])
  const text = documentAt(path)
  const [title, ...blocks] = text === undefined ? [] : blocksOf(text)
  const back = <BackLink href="/help">Help</BackLink>
  if (title?.type !== 'heading')
    return (
      <Page title="Not found" above={back} narrow>
        <EmptyState icon={null} title="No such document">
          <p className="mono">{path}</p>
        </EmptyState>
      </Page>
    )
  return (
    <Page title={title.text.replaceAll('`', '')} above={back} narrow>
      <article className={`card ${classes.document}`}>
        {blocks.map((block, index) => (
          <DocumentBlock key={index} block={block} path={path} />
        ))}
      </article>
    </Page>
  )
}

function DocumentBlock({ block, path }: { block: Block; path: string }) {
  switch (block.type) {
    case 'heading': {
      const Heading = `h${Math.min(block.level, 6)}` as 'h2'
      return (
        <Heading id={sectionOf(block.text)} tabIndex={-1}>
          <Text text={block.text} path={path} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Text text={block.text} path={path} />
        </p>
      )
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul'
      return (
        <List>
          {block.items.map((it, index) => (
            <li key={index}>
              <Text text={it} path={path} />
            </li>
          ))}
        </List>
      )
    }
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      )
    case 'table':
      return (
        <div className={classes.wide} tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead>
              <tr>
                {block.head.map((it, index) => (
                  <th key={index}>
                    <Text text={it} path={path} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((it, column) => (
                    <td key={column}>
                      <Text text={it} path={path} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
  }
}

/** Links lead to other documents; those elsewhere are only text, since this page can't leave the app. */
const Text = ({ text, path }: { text: string; path: string }) =>
  inlinesOf(text).map((it, index) => {
    if (it.type === 'code') return <code key={index}>{it.text}</code>
    if (it.type === 'strong') return <strong key={index}>{it.text}</strong>
    if (it.type === 'emphasis') return <em key={index}>{it.text}</em>
    const to = it.type === 'link' ? linkedFrom(path, it.to) : undefined
    if (to === undefined) return <Fragment key={index}>{it.text}</Fragment>
    return (
      <Anchor
        key={index}
        component={Link}
        href={`/help/${to}`}
        inherit
        onClick={() => showSection(to.split('?')[1] ?? '')} // again, if the address has it already
      >
        {it.text}
      </Anchor>
    )
  })

/** Scrolls to the heading that an address names, and goes on from there by keyboard. @param state of the address */
function showSection(state: string): void {
  const section = new URLSearchParams(state).get('section')
  const heading = section === null ? null : document.getElementById(section)
  heading?.scrollIntoView()
  heading?.focus({ preventScroll: true })
}
