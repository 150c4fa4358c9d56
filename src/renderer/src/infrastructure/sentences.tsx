/** What a job changes or costs, as a list. */
import classes from './infrastructure.module.css'

export const Sentences = ({ title, all }: { title: string; all: readonly string[] }) => (
  <section className={classes.sentences} aria-label={title}>
    <h3>{title}</h3>
    <ul>
      {all.map(it => (
        <li key={it}>{it}</li>
      ))}
    </ul>
  </section>
)
