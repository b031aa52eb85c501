"""Actions: what the list of changes says of each kind of change, in words."""

from __future__ import annotations

from typing import Final

from sheber.i18n import N_, _

__all__ = ["action_words"]

_WORDS: Final = {
    "assignment.added": N_("added an assignment"),
    "assignment.changed": N_("changed an assignment"),
    "campaign.published": N_("published a regrade"),
    "campaign.started": N_("began a regrade"),
    "campaign.withdrawn": N_("withdrew a regrade"),
    "comment.removed": N_("removed a comment"),
    "comment.written": N_("wrote a comment"),
    "course.archived": N_("archived the course"),
    "course.changed": N_("changed the title of the course"),
    "course.invited": N_("made one-time links for a course"),
    "course.join-code-ended": N_("ended the code for joining"),
    "course.join-code-made": N_("made a code for joining"),
    "course.joined": N_("joined the course"),
    "course.left": N_("left the course"),
    "course.made": N_("made the course"),
    "course.reopened": N_("opened the course again"),
    "course.zone-changed": N_("changed the time zone of the course"),
    "exercise.admitted": N_("admitted an uploaded exercise"),
    "exercise.check-lost": N_("lost the check of an uploaded exercise"),
    "exercise.checked": N_("checked an uploaded exercise"),
    "exercise.checking": N_("allowed the check of an uploaded exercise"),
    "exercise.proposed": N_("uploaded an exercise"),
    "exercise.refused": N_("refused an uploaded exercise"),
    "extension.ended": N_("took an extension back"),
    "extension.given": N_("gave an extension"),
    "grade.overridden": N_("gave points by hand"),
    "grade.override-withdrawn": N_("took points by hand back"),
    "group.filled": N_("put people into a group"),
    "group.made": N_("made a group"),
    "group.removed": N_("removed a group"),
    "group.renamed": N_("renamed a group"),
    "member.changed": N_("changed a role"),
    "member.removed": N_("took somebody out of the course"),
    "person.changed": N_("changed an account"),
    "person.invited": N_("made a one-time link"),
    "person.made": N_("made an account"),
    "person.password-chosen": N_("chose a password"),
    "request.declined": N_("declined a request"),
    "request.granted": N_("granted a request"),
    "roster.enrolled": N_("enrolled people"),
    "roster.undone": N_("took an enrolment back"),
    "scene.released": N_("released a scene"),
    "school.zone-changed": N_("changed the time zone of the school"),
    "similarity.compared": N_("compared programs"),
    "submission.cancelled": N_("cancelled an attempt"),
    "submission.judged-again": N_("had an attempt judged again"),
    "token.made": N_("made a token"),
    "token.revoked": N_("ended a token"),
    "traces.removed": N_("removed recordings by the rule of the server"),
}


def action_words(action: str) -> str:
    """An action in words; its own name where nobody has words for it yet."""
    return _(_WORDS[action]) if action in _WORDS else action
