// Builds the report's scripts and styles into src/sheber/judge/report/bundle/, with licences and hashes.
//   npm ci --ignore-scripts && npm run build      (or: make frontend)
//   npm run check                                 fails where the committed bundle is not what the sources give
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const target = join(here, '../src/sheber/judge/report/bundle')
const packages = ['three', 'uplot']
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const read = (...path) => readFileSync(join(here, ...path))

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ['src/report.js', 'src/report.css'],
  outdir: target,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome100', 'firefox104', 'safari15.4'],
  charset: 'utf8',
  legalComments: 'none', // the whole texts are in LICENSES.txt, which every page shows
  write: false,
})
const files = new Map(outputFiles.map(({ path, contents }) => [path.split('/').pop(), Buffer.from(contents)]))

const licences = packages.map((name) => {
  const { version, license } = JSON.parse(read('node_modules', name, 'package.json'))
  const text = read('node_modules', name, 'LICENSE').toString().trim().replaceAll('\r\n', '\n')
  return `${name} ${version} (${license})\n\n${text}\n`
})
files.set('LICENSES.txt', Buffer.from(licences.join('\n\n')))

const sources = ['build.mjs', 'package.json', 'package-lock.json', ...readdirSync(join(here, 'src')).sort().map((name) => `src/${name}`)]
const manifest = {
  packages: Object.fromEntries(packages.map((name) => [name, JSON.parse(read('node_modules', name, 'package.json')).version])),
  files: Object.fromEntries([...files].sort().map(([name, bytes]) => [name, sha256(bytes)])),
  sources: Object.fromEntries(sources.map((name) => [name, sha256(read(name))])),
}
files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))

if (process.argv.includes('--check')) {
  const stale = [...files].filter(([name, bytes]) => !bytes.equals(readFileSync(join(target, name)))).map(([name]) => name)
  if (stale.length) throw new Error(`the committed bundle is stale: ${stale.join(', ')}; run "npm run build"`)
} else {
  mkdirSync(target, { recursive: true })
  for (const [name, bytes] of files) writeFileSync(join(target, name), bytes)
}
for (const [name, bytes] of files) console.log(`${String(bytes.length).padStart(8)}  ${name}`)
