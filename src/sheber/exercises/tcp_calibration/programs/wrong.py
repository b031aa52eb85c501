"""TCP calibration, wrongly: the tip is believed to be straight before the flange; only its length is measured."""

from sheber import DOWN, Contact, Pose, connect

cell = connect(exercise="tcp-calibration")
robot, plate = cell.robot, cell.frames["plate"]
middle = plate.offset(z=cell.sheet["ball_radius"]).position

robot.zero_wrench()
robot.move_to(Pose(middle, DOWN.quaternion).offset(z=0.13))
met = robot.move_linear(robot.pose.offset(z=-0.29), speed=0.01, until=Contact(5.0))
flange = met.pose @ robot.tool.pose.inverse()
robot.move_linear(met.pose.offset(z=0.1))
robot.set_tool(Pose((0.0, 0.0, flange.position[2] - middle[2])))
cell.outputs["scatter"] = 0.05

for n in range(1, 5):
    point = cell.frames[f"point_{n}"]
    robot.move_to(point.offset(z=0.1))
    robot.move_linear(point.offset(z=0.06))
    robot.move_linear(point.offset(z=0.03))
robot.move_joints(robot.home)
