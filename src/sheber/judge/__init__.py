"""The judge: programs in, traces, grades and reports out. It knows stations and exercises, not robots.

trace = run(exercise, program, seed, sandbox)     # physics, processes, time: only here
score = exercise.score(trace)                     # pure
text  = report(exercise, trace, score)            # pure
"""

# Imported here and now, not when asked for: a function must not be hidden by the module of the same name.
from sheber.judge.errors import JudgeError, ProgramError, SandboxError, SystemFault, TooLong
from sheber.judge.grade import Grade, GradedScene, SceneSeed, grade
from sheber.judge.pool import Job, Judgement, Pool
from sheber.judge.practice import practice
from sheber.judge.program import Program
from sheber.judge.report import report
from sheber.judge.run import run
from sheber.judge.sandbox import Sandbox, best_sandbox, sandbox_of_level

__all__ = [
    "Grade",
    "GradedScene",
    "Job",
    "JudgeError",
    "Judgement",
    "Pool",
    "Program",
    "ProgramError",
    "Sandbox",
    "SandboxError",
    "SceneSeed",
    "SystemFault",
    "TooLong",
    "best_sandbox",
    "grade",
    "practice",
    "report",
    "run",
    "sandbox_of_level",
]
