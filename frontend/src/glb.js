// Reads the binary glTF that judge/report/glb.py writes: nodes, quantised meshes, materials, pose tracks.
// Our own and not three.js' loader, because that one fetches, and this page may not make any request.
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  Group,
  InterleavedBuffer,
  InterleavedBufferAttribute,
  Mesh,
  MeshStandardMaterial,
  Quaternion,
  SRGBColorSpace,
  Texture,
  Vector3,
} from 'three'

const KINDS = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array }
const SIZES = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 }

/** The scene of a GLB and its tracks. `changed` is called when a texture has been decoded. */
export function readGlb(bytes, changed) {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (view.getUint32(0, true) !== 0x46546c67) throw new Error('not a GLB')
  const length = view.getUint32(12, true)
  const file = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + length)))
  const reader = new Reader(file, bytes, 28 + length, changed)
  return { root: reader.node(0), tracks: reader.tracks(), nodes: reader.byName }
}

class Reader {
  constructor(file, bytes, start, changed) {
    Object.assign(this, { file, bytes, start, changed, made: new Map(), objects: [], byName: new Map() })
  }

  once(kind, index, make) {
    const key = `${kind} ${index}`
    if (!this.made.has(key)) this.made.set(key, make())
    return this.made.get(key)
  }

  /** Bytes of a buffer view, copied so that every type is aligned. */
  raw(index) {
    return this.once('view', index, () => {
      const { byteOffset = 0, byteLength } = this.file.bufferViews[index]
      return this.bytes.slice(this.start + byteOffset, this.start + byteOffset + byteLength)
    })
  }

  array(index) {
    const { bufferView, componentType } = this.file.accessors[index]
    return new KINDS[componentType](this.raw(bufferView).buffer)
  }

  attribute(index) {
    return this.once('attribute', index, () => {
      const { bufferView, type, normalized = false } = this.file.accessors[index]
      const { byteStride } = this.file.bufferViews[bufferView]
      const array = this.array(index)
      const size = SIZES[type]
      const stride = byteStride ? byteStride / array.BYTES_PER_ELEMENT : size
      if (stride === size) return new BufferAttribute(array, size, normalized)
      return new InterleavedBufferAttribute(new InterleavedBuffer(array, stride), size, 0, normalized)
    })
  }

  geometry(primitive) {
    const { attributes, indices } = primitive
    return this.once('geometry', JSON.stringify([attributes, indices]), () => {
      const geometry = new BufferGeometry()
      geometry.setAttribute('position', this.attribute(attributes.POSITION))
      geometry.setAttribute('normal', this.attribute(attributes.NORMAL))
      if (attributes.TEXCOORD_0 !== undefined) geometry.setAttribute('uv', this.attribute(attributes.TEXCOORD_0))
      geometry.setIndex(new BufferAttribute(this.array(indices), 1))
      return geometry
    })
  }

  material(index) {
    return this.once('material', index, () => {
      const { baseColorFactor, baseColorTexture, roughnessFactor, metallicFactor } = this.file.materials[index].pbrMetallicRoughness
      const material = new MeshStandardMaterial({ roughness: roughnessFactor, metalness: metallicFactor })
      if (baseColorFactor) material.color = new Color(...baseColorFactor.slice(0, 3))
      if (baseColorTexture) material.map = this.texture(this.file.textures[baseColorTexture.index].source)
      return material
    })
  }

  texture(index) {
    return this.once('texture', index, () => {
      const { bufferView, mimeType } = this.file.images[index]
      const texture = new Texture(new Image())
      texture.colorSpace = SRGBColorSpace
      texture.flipY = false
      texture.anisotropy = 4
      texture.image.onload = () => {
        texture.needsUpdate = true
        this.changed()
      }
      texture.image.src = `data:${mimeType};base64,${base64(this.raw(bufferView))}`
      return texture
    })
  }

  node(index) {
    const { name, mesh, translation, rotation, scale, children = [] } = this.file.nodes[index]
    const object = mesh === undefined ? new Group() : this.mesh(mesh)
    if (translation) object.position.fromArray(translation)
    if (rotation) object.quaternion.fromArray(rotation)
    if (scale) object.scale.fromArray(scale)
    if (name) this.byName.set(name, object)
    this.objects[index] = object
    for (const child of children) object.add(this.node(child))
    return object
  }

  mesh(index) {
    const [primitive] = this.file.meshes[index].primitives
    const mesh = new Mesh(this.geometry(primitive), this.material(primitive.material))
    mesh.castShadow = true
    mesh.receiveShadow = true
    return mesh
  }

  tracks() {
    return (this.file.animations ?? []).flatMap(({ channels, samplers }) =>
      channels.map(({ sampler, target }) => {
        const { input, output } = samplers[sampler]
        const values = this.array(output)
        const object = this.objects[target.node]
        return target.path === 'rotation' ? new Turn(object, this.array(input), values) : new Shift(object, this.array(input), values)
      }),
    )
  }
}

/** Index of the last key at or before a time, found from where the last search ended. */
export function keyBefore(times, time, last = 0) {
  if (times[last] <= time && (last + 1 >= times.length || time < times[last + 1])) return last
  let low = 0
  let high = times.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (times[middle] <= time) low = middle
    else high = middle
  }
  return low
}

class Track {
  constructor(object, times, values) {
    Object.assign(this, { object, times, values, last: 0 })
  }

  at(time) {
    const { times } = this
    const key = (this.last = keyBefore(times, time, this.last))
    const next = Math.min(key + 1, times.length - 1)
    const span = times[next] - times[key]
    this.put(key, next, span > 0 ? Math.min(Math.max((time - times[key]) / span, 0), 1) : 0)
  }
}

const to = new Vector3()
class Shift extends Track {
  put(key, next, share) {
    this.object.position.fromArray(this.values, 3 * key).lerp(to.fromArray(this.values, 3 * next), share)
  }
}

const turned = new Quaternion()
class Turn extends Track {
  put(key, next, share) {
    // the keys are int16; their length does not matter once normalised
    this.object.quaternion.fromArray(this.values, 4 * key).normalize()
    this.object.quaternion.slerp(turned.fromArray(this.values, 4 * next).normalize(), share)
  }
}

/** Bytes of a base64 text. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text.trim()), (sign) => sign.charCodeAt(0))
}

function base64(bytes) {
  let text = ''
  for (let n = 0; n < bytes.length; n += 0x8000) text += String.fromCharCode(...bytes.subarray(n, n + 0x8000))
  return btoa(text)
}
