// Builds scripts and styles, with licences and hashes: those of the report page into src/sheber/judge/report/bundle/,
// those of the web pages into src/sheber/web/bundle/.
//   npm ci --ignore-scripts && npm run build      (or: make frontend)
//   npm run check                                 fails where a committed bundle is not what the sources give
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const read = (...path) => readFileSync(join(here, ...path))
const about = (name) => JSON.parse(read('node_modules', name, 'package.json'))
const EDITOR = Object.keys(JSON.parse(read('package.json')).dependencies).filter((name) => /^@(codemirror|lezer)/.test(name))

const TARGETS = [
  { folder: '../src/sheber/judge/report/bundle', entries: ['src/report.js', 'src/report.css'], packages: ['three', 'uplot'], from: ['src'] },
  {
    folder: '../src/sheber/web/bundle',
    entries: ['src/web/web.js', 'src/web/web.css', 'src/web/progress.js', 'src/web/teaching.js', 'src/web/work.js', 'src/web/editor.js', 'src/web/live.js'],
    packages: [...EDITOR, '@lezer/common', '@lezer/lr', '@lezer/python', '@marijn/find-cluster-break', 'crelt', 'htmx.org', 'style-mod', 'three', 'uplot', 'w3c-keyname'],
    from: ['src', 'src/web'],
  },
]

const OWN = ['build.mjs', 'package.json', 'package-lock.json']
const inside = (folder) => readdirSync(join(here, folder), { withFileTypes: true }).filter((one) => one.isFile()).map((one) => `${folder}/${one.name}`)

for (const target of TARGETS) await make(target)

async function make({ folder, entries, packages, from }) {
  const sources = [...OWN, ...from.flatMap(inside).sort()]
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: entries,
    outdir: join(here, folder),
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome100', 'firefox104', 'safari15.4'],
    charset: 'utf8',
    legalComments: 'none', // the whole texts are in LICENSES.txt, which every page shows or names
    write: false,
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [path.split('/').pop(), Buffer.from(contents)]))
  files.set('LICENSES.txt', Buffer.from(packages.map(licence).join('\n\n')))
  const manifest = {
    packages: Object.fromEntries(packages.map((name) => [name, about(name).version])),
    files: Object.fromEntries([...files].sort().map(([name, bytes]) => [name, sha256(bytes)])),
    sources: Object.fromEntries(sources.map((name) => [name, sha256(read(name))])),
  }
  files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))
  put(join(here, folder), files)
}

function licence(name) {
  const { version, license } = about(name)
  const text = read('node_modules', name, 'LICENSE').toString().trim().replaceAll('\r\n', '\n')
  return `${name} ${version} (${license})\n\n${text}\n`
}

function put(folder, files) {
  if (process.argv.includes('--check')) {
    const stale = [...files].filter(([name, bytes]) => !bytes.equals(readFileSync(join(folder, name)))).map(([name]) => name)
    if (stale.length) throw new Error(`the committed bundle ${folder} is stale: ${stale.join(', ')}; run "npm run build"`)
  } else {
    mkdirSync(folder, { recursive: true })
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
  }
  for (const [name, bytes] of files) console.log(`${String(bytes.length).padStart(8)}  ${name}`)
}
