"""TCP calibration: a first program. It touches the plate once and comes back up. You write the rest."""

from sheber import DOWN, Contact, Pose, connect

cell = connect(exercise="tcp-calibration")
robot, plate = cell.robot, cell.frames["plate"]

print("The controller believes that the TCP is at", robot.tool.pose, "in the flange frame")

robot.zero_wrench()  # the tool touches nothing here
robot.move_to((plate @ DOWN).offset(z=0.15))
touch = robot.move_linear(robot.pose.offset(z=-0.30), speed=0.02, until=Contact(5.0))
flange = touch.pose @ robot.tool.pose.inverse()  # T_base_flange at the touch
print("The ball touched the plate. The flange was at", flange)
robot.move_linear(touch.pose.offset(z=0.10))

# One touch is one equation: flange.position[2] + (flange.rotation @ tip)[2] is the height of the ball's middle.
# Next: touch in other orientations, solve for the tip, and tell it the controller:

robot.set_tool(Pose((0.0, 0.0, 0.15)))  # your own numbers here
robot.move_joints(robot.home)
