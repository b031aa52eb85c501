"""Robot arms: one description an arm, as data; `load("ur5e")`."""

from sheber.robot.arms.description import Arm, ArmError, Collider, Joint, Link, Servo, Shell, available, load

__all__ = ["Arm", "ArmError", "Collider", "Joint", "Link", "Servo", "Shell", "available", "load"]
