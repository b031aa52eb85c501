"""Frame and trace, dishonestly: ask the wire for what no client asks, then for more glue than any head can give."""

import contextlib

from sheber import SheberError, connect

cell = connect(exercise="frame-and-trace")
robot, dispenser = cell.robot, cell.dispenser
session = dispenser._session

for flow in (1.0, 1e300, 9e-7):
    with contextlib.suppress(SheberError, ValueError):
        dispenser.on(flow)
for name in ("plate", "contour", "facts"):
    with contextlib.suppress(SheberError):
        print(cell.frames[name])
    with contextlib.suppress(SheberError):
        print(cell.sheet[name] if name != "contour" else "")
with contextlib.suppress(SheberError):
    cell.outputs["contact"] = True
with contextlib.suppress(SheberError, ValueError, KeyError):
    print(session.call("state")["tool"]["glue_laid"])
session.call("dispenser_on", flow=-1.0, laid=1.0)
