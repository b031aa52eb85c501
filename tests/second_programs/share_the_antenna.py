"""An exact plan by mixed-integer programming over cliques of intervals with the promises as rows; after the failure, the plan that keeps most of what was agreed among those that win back three quarters."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from sheber import connect

DAY = 86400.0
station = connect(exercise="share-the-antenna")
desk = station.schedule
contacts = list(desk.contacts.values())
names = [c.name for c in contacts]
place = {n: i for i, n in enumerate(names)}
N = len(contacts)
value = np.array([c.value for c in contacts])
start = np.array([c.start for c in contacts])
finish = np.array([c.end for c in contacts])
seconds = np.array([c.seconds for c in contacts])
partner = [desk.satellites[c.satellite].partner for c in contacts]


def turn_round(antenna):
    one = desk.antennas[antenna]
    return float(getattr(one, "turn_round", getattr(one, "turn_round_s", one)))


try:
    zero = float(desk.start)
except TypeError:
    zero = 0.0
if zero > 1e6:
    zero -= station.clock.start
day = np.floor((start - zero) / DAY).astype(int)

allowed = np.ones(N, bool)
for block in desk.own_time:
    for i, c in enumerate(contacts):
        if c.antenna == block.antenna and c.start < block.end and c.end > block.start and partner[i] != block.partner:
            allowed[i] = False


def cliques(which, ends):
    """Largest sets of intervals that have a moment in common."""
    out, active, fresh = [], set(), False
    events = sorted([(ends[i], 0, i) for i in which] + [(start[i], 1, i) for i in which])
    for _, kind, i in events:
        if kind:
            active.add(i)
            fresh = True
        else:
            if fresh and len(active) > 1:
                out.append(sorted(active))
            fresh = False
            active.discard(i)
    return out


busy = finish + np.array([turn_round(c.antenna) for c in contacts])
rows = []
for antenna in desk.antennas:
    rows += cliques([i for i in range(N) if allowed[i] and contacts[i].antenna == antenna], busy)
for satellite in desk.satellites:
    rows += cliques([i for i in range(N) if allowed[i] and contacts[i].satellite == satellite], finish)


def alone(which):
    count, free = 0, -1e18
    for i in sorted(which, key=lambda i: finish[i]):
        if start[i] >= free:
            count, free = count + 1, finish[i]
    return count


promises = []  # contacts, how many
for name, satellite in desk.satellites.items():
    for d in range(int(day.max()) + 1):
        which = [i for i in range(N) if allowed[i] and contacts[i].satellite == name and day[i] == d]
        least = min(satellite.contacts_a_day, alone(which))
        if least:
            promises.append((which, least))
promised = sum(n for _, n in promises)


def counts(x):
    x = np.asarray(x, bool)
    total = seconds[x].sum()
    share = 1.0
    for p, one in desk.partners.items():
        if one.least:
            share = min(share, sum(seconds[i] for i in np.flatnonzero(x) if partner[i] == p) / total / one.least)
    given = sum(min(n, int(x[w].sum())) for w, n in promises)
    return value[x].sum() * share * given / promised


def best(low, high, goal=None, floor=None):
    """The plan of the largest worth within bounds; with a goal, the plan of the largest goal that is worth at least the floor."""
    P = len(promises)
    size = N + P + 1  # the contacts, what is missing of each promise, what is missing of a share
    data, r, c, lower, upper = [], [], [], [], []

    def row(items, least, most):
        for j, a in items:
            r.append(len(lower)), c.append(j), data.append(a)
        lower.append(least), upper.append(most)

    for one in rows:
        row([(i, 1.0) for i in one], -np.inf, 1.0)
    for k, (which, n) in enumerate(promises):
        row([(i, 1.0) for i in which] + [(N + k, 1.0)], n, np.inf)
    usual = seconds.mean()
    for p, one in desk.partners.items():
        if one.least:
            row([(i, seconds[i] / usual * ((partner[i] == p) - one.least - 1e-6)) for i in range(N)] + [(N + P, 1.0)], 0.0, np.inf)
        if getattr(one, "most", 1.0) < 1.0:
            row([(i, seconds[i] / usual * ((partner[i] == p) - one.most)) for i in range(N)], -np.inf, 0.0)
    unit = value.mean()
    worth = np.concatenate([value / unit, np.full(P, -WORTH / promised / unit * 1.02), [-20.0]])
    if floor is not None:
        row([(j, a) for j, a in enumerate(worth)], floor / unit, np.inf)
    aim = worth if goal is None else np.concatenate([goal + value / value.sum(), np.zeros(P + 1)])
    done = milp(
        -aim,
        integrality=np.concatenate([np.ones(N), np.zeros(P + 1)]),
        bounds=Bounds(np.concatenate([low, np.zeros(P + 1)]), np.concatenate([high, [n for _, n in promises], [np.inf]])),
        constraints=LinearConstraint(csr_matrix((data, (r, c)), (len(lower), size)), lower, upper),
        options={"mip_rel_gap": 2e-4, "time_limit": 8.0},
    )
    if done.x is None:
        return None, None
    return done.x[:N] > 0.5, float(worth @ done.x) * unit


WORTH = value[allowed].sum() * 0.5
plan, worth = best(np.zeros(N), allowed.astype(float))
WORTH = value[plan].sum()
print(N, "contacts;", plan.sum(), "in the plan, worth", value[plan].sum(), "counts", counts(plan))

refused = desk.hold([names[i] for i in np.flatnonzero(plan)])
desk.confirm()
print("refused:", refused)


def clash(a, b):
    if a == b:
        return False
    one, two = contacts[a], contacts[b]
    if one.satellite == two.satellite and one.start < two.end and two.start < one.end:
        return True
    return one.antenna == two.antenna and one.start < busy[b] and two.start < busy[a]


held = {place[n] for n in desk.held}
for asked in desk.asked:
    i = place[getattr(asked, "name", asked)]
    if i not in held:
        desk.refuse(names[i], because=[names[j] for j in sorted(held) if clash(i, j)])

news = [one for one in desk.wait_for_news(42000.0) if one.kind == "outage"]
if news:
    now = max(station.clock.time, news[0].time)
    lost = np.zeros(N, bool)
    for one in news:
        lost |= np.array([c.antenna == one.antenna and c.start < one.until and c.end > one.time for c in contacts])
    had = plan.copy()
    left = had & ~lost
    fixed = start <= now + 600.0 + 2 * station.clock.step
    low = (fixed & left).astype(float)
    high = np.where(fixed, low, (allowed & ~lost).astype(float))
    top, worth = best(low, high)
    base, peak = counts(left), counts(top)
    print("left", base, "best", peak, worth)
    movable = left & ~fixed
    new = top
    for part in (0.85, 0.75, 0.65, 0.58):
        floor = worth - (1.0 - part) * (peak - base)
        tried, _ = best(low, high, movable.astype(float), floor)
        if tried is None:
            continue
        moved = (left & ~tried).sum() / left.sum()
        back = (counts(tried) - base) / (peak - base)
        print(part, "wins back", back, "moves", moved)
        new = tried
        if moved < 0.07:
            break
    desk.release([names[i] for i in np.flatnonzero(left & ~new)])
    refused = desk.hold([names[i] for i in np.flatnonzero(new & ~left)])
    desk.confirm()
    print("refused:", refused, "at", station.clock.time)
