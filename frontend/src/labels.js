// Names over the 3D picture: never over each other, nor over what else lies on the picture.
import { Vector3 } from 'three'

const PLACES = [[6, 4], [6, -20], [-6, 4], [-6, -20], [10, 22], [-10, 22]] // px beside the point; the width goes to the left where x < 0

export class Labels {
  /** `others`: elements that no name may cover. */
  constructor(layer, others) {
    Object.assign(this, { layer, others, all: [] })
  }

  add(text, frame) {
    const element = document.createElement('span')
    element.textContent = text
    this.layer.append(element)
    this.all.push({ element, frame })
  }

  place(camera, { clientWidth: width, clientHeight: height }) {
    if (this.layer.hidden) return
    const at = new Vector3()
    const taken = this.others.filter((one) => one?.checkVisibility()).map((one) => this.inside(one))
    for (const label of this.all) {
      label.frame.getWorldPosition(at).project(camera)
      label.size ??= [label.element.offsetWidth, label.element.offsetHeight] // measured once: it asks for a layout
      const [wide, high] = label.size
      const x = (at.x * 0.5 + 0.5) * width
      const y = (0.5 - at.y * 0.5) * height
      const place = PLACES.map(([u, v]) => [u < 0 ? x + u - wide : x + u, y + v]).find(([u, v]) => {
        const within = at.z < 1 && u > 0 && v > 0 && u + wide < width && v + high < height
        return within && taken.every(([a, b, w, h]) => u + wide < a || u > a + w || v + high < b || v > b + h)
      })
      label.element.style.visibility = place ? 'visible' : 'hidden'
      if (!place) continue
      taken.push([...place, wide, high])
      label.element.style.transform = `translate(${place[0]}px, ${place[1]}px)`
    }
  }

  /** Where an element lies within the picture. */
  inside(element) {
    return [element.offsetLeft, element.offsetTop, element.offsetWidth, element.offsetHeight]
  }
}
