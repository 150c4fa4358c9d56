/** What a page of ours may do, in a window and in a browser. */

/** @param sockets where it may open WebSockets besides its own origin, which not every browser counts as `'self'` */
export const contentSecurityPolicy = (sockets = ''): string => [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self' data:",
  `connect-src 'self' ${sockets}`.trim(), "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')
