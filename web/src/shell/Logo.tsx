import classes from './Shell.module.css';

export function Logo() {
  return <img src="/favicon.svg" alt="" className={classes.logo} />;
}
