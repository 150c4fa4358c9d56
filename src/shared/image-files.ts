/** How files with images of containers usually end, as `docker save` writes them, or compressed afterwards. */
export const imageFileEndings = ['tar', 'tar.gz', 'tgz', 'tar.xz', 'tar.zst'] as const
