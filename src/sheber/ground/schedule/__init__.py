"""Schedule: who uses which antenna when. An exact plan with its bound, explained, and re-planned with little change.

problem = Problem(antennas, partners, satellites, contacts)
plan = solve(problem)          # the best plan that keeps the rules; plan.proven, plan.holdings
refusals(plan)                 # why each other contact is not in it
replan(problem.closing("Almaty", now, end), plan, now)
"""

from sheber.ground.schedule.candidates import Passing, contacts_of
from sheber.ground.schedule.conflicts import clash, rivals
from sheber.ground.schedule.errors import ScheduleError
from sheber.ground.schedule.exact import nearest, solve
from sheber.ground.schedule.explain import Price, Refusal, cost, prices, refusal, refusals
from sheber.ground.schedule.greedy import by_priority, by_value
from sheber.ground.schedule.model import DAY_S, Antenna, Contact, OwnTime, Partner, Problem, Satellite, worth
from sheber.ground.schedule.plan import Holding, Plan, Unmet, broken
from sheber.ground.schedule.replan import Change, change, loosened, now_open, replan
from sheber.ground.schedule.reservations import Book, Offer, Request, State
from sheber.ground.schedule.rules import Broken

__all__ = [
    "DAY_S",
    "Antenna",
    "Book",
    "Broken",
    "Change",
    "Contact",
    "Holding",
    "Offer",
    "OwnTime",
    "Partner",
    "Passing",
    "Plan",
    "Price",
    "Problem",
    "Refusal",
    "Request",
    "Satellite",
    "ScheduleError",
    "State",
    "Unmet",
    "broken",
    "by_priority",
    "by_value",
    "change",
    "clash",
    "contacts_of",
    "cost",
    "loosened",
    "nearest",
    "now_open",
    "prices",
    "refusal",
    "refusals",
    "replan",
    "rivals",
    "solve",
    "worth",
]
