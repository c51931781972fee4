"""What Whisper heard, cut into what was said in one go: whole sentences, each at its moment."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from search.records import Segment, SegmentKind, SpeechSegment, Transcript, Word

# What follows so soon (in seconds) on a sentence that has not ended goes on with it, up to so long a one.
FRAGMENT_GAP, LONGEST = 1.0, 15.0
SENTENCE_ENDS = ".?!…。！？"
# A sentence of so many words is one by itself when so long a pause (in seconds) follows: none follows "Dr."
SENTENCE_WORDS, SENTENCE_GAP = 4, 0.25


def cut_utterances(start: float, heard: Transcript) -> list[Segment]:
    """Return the segments of what was heard in a stretch of sound that begins at `start` seconds."""
    sentences = [sentence for one in heard.segments for sentence in split_at_pauses(one)]
    return [
        Segment(
            SegmentKind.SPEECH,
            one.text,
            start=round(start + one.start, 3),
            end=round(start + one.end, 3),
            confidence=round(one.confidence * (1 - one.no_speech), 4),
            no_speech=round(one.no_speech, 4),
            words=tuple(Word(round(start + w.start, 2), round(start + w.end, 2), w.text) for w in one.words),
        )
        for one in join_fragments(sentences)
    ]


def split_at_pauses(heard: SpeechSegment) -> Iterator[SpeechSegment]:
    """Return the sentences of a segment, if pauses separate them."""
    groups = _group_words(heard.words)
    texts = _divide_text(heard.text, groups) if len(groups) > 1 else None
    if texts is None:
        yield heard
        return
    for words, text in zip(groups, texts, strict=True):
        yield replace(heard, start=words[0].start, end=words[-1].end, text=text, words=words)


def _group_words(words: Sequence[Word]) -> list[tuple[Word, ...]]:
    groups: list[tuple[Word, ...]] = []
    first = 0
    for at in range(SENTENCE_WORDS, len(words) - SENTENCE_WORDS + 1):
        is_pause = words[at].start - words[at - 1].end >= SENTENCE_GAP
        if is_pause and words[at - 1].text[-1:] in SENTENCE_ENDS and at - first >= SENTENCE_WORDS:
            groups.append(tuple(words[first:at]))
            first = at
    return [*groups, tuple(words[first:])]


def _divide_text(text: str, groups: Sequence[Sequence[Word]]) -> list[str] | None:
    """Cut a text before the first word of each group but the first; None when its words are not those."""
    places, at = [0], 0
    for group in groups:
        for number, word in enumerate(group):
            found = text.find(word.text, at)
            if found < 0:
                return None
            if number == 0 and group is not groups[0]:
                places.append(found)
            at = found + len(word.text)
    return [text[first:last].strip() for first, last in zip(places, [*places[1:], len(text)], strict=True)]


def join_fragments(segments: Sequence[SpeechSegment]) -> list[SpeechSegment]:
    """Join what Whisper has cut within a sentence: half a sentence could mean anything, and is near to all."""
    joined: list[SpeechSegment] = []
    for one in segments:
        last = joined[-1] if joined else None
        if last is not None and _goes_on(last, one):
            whole = f"{last.text} {one.text}"
            sure, silent = min(last.confidence, one.confidence), max(last.no_speech, one.no_speech)
            joined[-1] = SpeechSegment(last.start, one.end, whole, sure, silent, (*last.words, *one.words))
        else:
            joined.append(one)
    return joined


def _goes_on(last: SpeechSegment, one: SpeechSegment) -> bool:
    is_near = one.start - last.end < FRAGMENT_GAP and one.end - last.start <= LONGEST
    return is_near and last.text[-1:] not in SENTENCE_ENDS
