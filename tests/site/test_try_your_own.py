"""The page "Try your own flower" in a real browser: the same numbers as TensorFlow, and nothing sent anywhere."""

from __future__ import annotations

import io
import json
import shutil
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from flowercourse import datasets, features, shipping

pytestmark = pytest.mark.browser

PAGE = "try-your-own"
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 16e6
SECONDS = 60_000  # milliseconds that anything may take on a machine that is busy with other things


@pytest.fixture(scope="module")
def shipped():
    """The folder with the classifier that the page loads."""
    return shipping.folder(features.extract("mobilenet_v2"))


@pytest.fixture(scope="module")
def about(shipped) -> dict:
    """What the classifier says of itself."""
    return json.loads((shipped / shipping.ABOUT).read_text())


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Ten test pictures, of the sizes that they have."""
    data = datasets.find()
    part = datasets.split_names()[2]
    return [image for image, _ in data.load(part).take(10).as_numpy_iterator()]


def as_file(image: np.ndarray, name: str = "picture.png") -> dict:
    """Return a picture as the browser gets a file from its reader."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": content.getvalue()}


def begin(tab):
    """Load the network, as a reader does; skip where this site was built without it."""
    if tab.page.locator(".live-missing").count():
        pytest.skip("this site was built without the live part: npm could not fetch TensorFlow.js")
    tab.page.get_by_role("button", name="Begin").click()
    tab.page.get_by_role("heading", name="Show it a picture").wait_for(timeout=SECONDS)
    return tab


def verdict(tab) -> str:
    """Return what the page says of the picture."""
    return recognize(tab).get_by_role("status").inner_text()


def recognize(tab):
    """Return the part that answers."""
    return tab.page.get_by_role("region", name="Show it a picture")


def show(tab, file: dict) -> list[float]:
    """Choose a file, wait for the answer, and return the probabilities."""
    field = recognize(tab).get_by_label("Choose a picture")
    tab.page.evaluate("document.querySelector('.live-result').removeAttribute('data-probabilities')")
    field.set_input_files(file)
    tab.page.wait_for_selector(".live-result[data-probabilities]", timeout=SECONDS)
    return json.loads(tab.page.locator(".live-result").get_attribute("data-probabilities"))


def by_tensorflow(shipped, images: list[np.ndarray]) -> np.ndarray:
    """Return the probabilities of the shipped file, as TensorFlow's own interpreter computes them."""
    import tensorflow as tf

    with pytest.warns(UserWarning, match="deprecated"):
        network = tf.lite.Interpreter(str(shipped / shipping.NETWORK))
    network.allocate_tensors()
    found = []
    for image in images:
        pixels = np.clip(tf.image.resize(image, (224, 224)).numpy() / 255.0, 0, 1)
        network.set_tensor(network.get_input_details()[0]["index"], pixels[None].astype(np.float32))
        network.invoke()
        found.append(network.get_tensor(network.get_output_details()[0]["index"])[0])
    return np.array(found)


def test_ten_pictures_get_the_probabilities_that_tensorflow_gives(open_page, shipped, pictures):
    tab = begin(open_page(PAGE))
    in_page = np.array([show(tab, as_file(image)) for image in pictures])
    assert np.abs(in_page - by_tensorflow(shipped, pictures)).max() < 0.002


def test_a_large_photograph_gets_about_the_answer_of_a_small_one(open_page, pictures):
    tab = begin(open_page(PAGE))
    small = Image.fromarray(pictures[0])
    large = small.resize((small.width * 8, small.height * 8), Image.Resampling.BICUBIC)
    assert np.abs(np.subtract(show(tab, as_file(np.asarray(large))), show(tab, as_file(pictures[0])))).max() < 0.15


def test_loads_nothing_until_the_reader_begins_and_then_not_more_than_announced(open_page, address):
    tab = open_page(PAGE)
    tab.page.wait_for_load_state("networkidle")
    assert not [url for url in tab.requests if "/tfjs/" in url or "/model/" in url]
    sizes = []
    tab.page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", 0))))
    begin(tab)
    assert 1e6 < sum(sizes) <= MOST_BYTES


def test_shows_how_much_has_come_and_can_be_begun_again_when_a_file_does_not(open_page):
    tab = open_page(PAGE)
    if tab.page.locator(".live-missing").count():
        pytest.skip("this site was built without the live part")
    waiting = []
    tab.page.route("**/neighbors.bin", lambda route: waiting.append(route))
    start, bar = tab.page.get_by_role("button", name="Begin"), tab.page.get_by_role("progressbar", name="Loading")
    start.click()
    tab.page.wait_for_function("document.querySelector('.live-progress').value > 0.5", timeout=SECONDS)
    assert bar.is_visible()
    assert start.is_disabled()
    waiting[0].fulfill(status=503)
    tab.page.get_by_text("model/neighbors.bin was not loaded: the server answers 503").wait_for()
    assert not bar.is_visible()
    tab.page.unroute("**/neighbors.bin")
    begin(tab)
    assert [message for message in tab.messages if "503" not in message] == []


def test_sends_nothing_anywhere(open_page, address, pictures):
    tab = open_page(PAGE)
    methods = []
    tab.page.on("request", lambda request: methods.append((request.method, bool(request.post_data))))
    begin(tab)
    before = len(tab.requests)
    show(tab, as_file(pictures[0]))
    assert not [url for url in tab.requests[before:] if urlsplit(url).scheme in ("http", "https")]
    assert set(methods) == {("GET", False)}
    assert {urlsplit(url).netloc for url in tab.requests if url.startswith("http")} == {urlsplit(address).netloc}
    assert tab.messages == []
    assert tab.failures == []


def test_says_why(open_page, about, pictures):
    tab = begin(open_page(PAGE))
    probabilities = show(tab, as_file(pictures[0]))
    best = int(np.argmax(probabilities))
    name, chance = about["names"][best], probabilities[best]
    sure = chance >= about["threshold"]
    assert verdict(tab).startswith(name if sure else f"I don't know. It is most like {name}")
    part = recognize(tab)
    assert part.locator(".live-bars li").count() == len(about["names"])
    assert part.locator(".live-nearest figure").count() == 3
    assert f"What speaks most for “{name}” is" in part.locator(".live-words").inner_text()
    part.get_by_label("Color what speaks for").select_option(label=about["names"][best - 1])
    assert f"What speaks most for “{about['names'][best - 1]}” is" in part.locator(".live-words").inner_text()


def test_of_untrained_weights_it_tells_no_accuracy(open_page, about):
    tab = open_page(PAGE)
    untrained = json.dumps(about | {"trained": False})
    tab.page.route("**/about.json", lambda route: route.fulfill(body=untrained, content_type="application/json"))
    begin(tab)
    said = recognize(tab).locator(".live-provenance").inner_text()
    assert "untrained, so the answers mean nothing" in said
    assert "it is right" not in said


def test_a_training_picture_is_most_like_itself(open_page, about):
    image = next(iter(datasets.find().load("train[:1]").as_numpy_iterator()))[0]
    tab = begin(open_page(PAGE))
    show(tab, as_file(image))
    first = recognize(tab).locator(".live-nearest figcaption").first.inner_text()
    name, similarity = first.rsplit(", ", 1)
    assert name == about["names"][about["neighbors"]["labels"][0]]
    assert float(similarity) >= 0.99


def test_a_test_picture_of_the_course_is_answered_beside_its_label(open_page, about):
    tab = begin(open_page(PAGE))
    label = about["names"][about["examples"]["labels"][0]]
    recognize(tab).get_by_role("button", name=f"Test picture 1, labeled {label}").click()
    tab.page.wait_for_selector(".live-result[data-probabilities]", timeout=SECONDS)
    assert verdict(tab).endswith(f". Its label says {label}.")


def test_a_picture_can_be_pasted(open_page, pictures):
    tab = begin(open_page(PAGE))
    content = list(as_file(pictures[0])["buffer"])
    tab.page.evaluate(
        """content => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([new Uint8Array(content)], "pasted.png", { type: "image/png" }));
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        content,
    )
    tab.page.wait_for_selector(".live-result[data-probabilities]", timeout=SECONDS)
    assert verdict(tab)


def test_does_not_know_what_it_is_not_sure_of(open_page, about, pictures):
    tab = begin(open_page(PAGE))
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    chance = max(show(tab, as_file(noise)))
    assert verdict(tab).startswith("I don't know") == (chance < about["threshold"])
    assert f"threshold {about['threshold']:.2f}" in recognize(tab).locator(".live-provenance").inner_text()


def test_a_file_that_is_no_picture_is_refused_in_words_and_the_last_answer_stays(open_page, pictures):
    tab = begin(open_page(PAGE))
    show(tab, as_file(pictures[0]))
    said = verdict(tab)
    file = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    recognize(tab).get_by_label("Choose a picture").set_input_files(file)
    tab.page.wait_for_function("document.querySelector('.live-problem').textContent")
    assert "“letter.txt” was not read" in recognize(tab).get_by_role("alert").inner_text()
    assert verdict(tab) == said
    assert tab.messages == []


def test_can_be_used_with_the_keyboard_alone(open_page):
    tab = open_page(PAGE)
    start = tab.page.get_by_role("button", name="Begin")
    if not start.count():
        pytest.skip("this site was built without the live part")
    start.focus()
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("heading", name="Show it a picture").wait_for(timeout=SECONDS)
    for _ in range(12):
        tab.page.keyboard.press("Tab")
        if (tab.page.evaluate("document.activeElement.getAttribute('aria-label')") or "").startswith("Test picture 1"):
            break
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".live-result[data-probabilities]", timeout=SECONDS)
    assert verdict(tab)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_has_no_accessibility_violation_while_it_is_used(open_page, theme, pictures):
    from axe_playwright_python.sync_playwright import Axe

    tab = begin(open_page(PAGE, theme=theme))
    show(tab, as_file(pictures[0]))
    violations = Axe().run(tab.page, context="#live-try").response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []


def test_fits_a_phone_while_it_is_used(open_page, pictures):
    tab = begin(open_page(PAGE, **PHONE))
    show(tab, as_file(pictures[0]))
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_says_so_where_javascript_is_off(open_page):
    tab = open_page(PAGE, script=False)
    if tab.page.locator(".live-missing").count():
        pytest.skip("this site was built without the live part")
    sentence = tab.page.locator("article noscript p")  # which a search by text passes over
    assert sentence.is_visible()
    assert "JavaScript is switched off in this browser" in sentence.inner_text()
    assert tab.page.get_by_text("Nothing leaves your device").is_visible()


def test_without_a_camera_it_says_so_and_goes_on(open_page, pictures):
    tab = begin(open_page(PAGE))
    recognize(tab).get_by_role("button", name="Use the camera").click()
    tab.page.wait_for_function("document.querySelector('.live-problem').textContent")
    assert "The camera was not opened" in recognize(tab).get_by_role("alert").inner_text()
    assert show(tab, as_file(pictures[0]))


class TestTeachingIt:
    """Classes of the reader's own: taught, tried, kept, loaded again."""

    NAMES = ("discs", "stripes")

    @staticmethod
    def drawn(kind: str, number: int) -> dict:
        """Return a drawing of one of two kinds, in random colors."""
        rng = np.random.default_rng([number, len(kind)])
        y, x = np.mgrid[:200, :240]
        if kind == "discs":
            where = np.zeros((200, 240), bool)
            for cx, cy in rng.integers(30, 190, (5, 2)):
                where |= np.hypot(x - cx, y - cy) < 24
        else:
            where = np.sin((x + y) / rng.uniform(5, 12)) > 0
        dark, light = rng.integers(0, 120, 3), rng.integers(150, 256, 3)
        return as_file(np.where(where[..., None], dark, light).astype(np.uint8), f"{kind}{number}.png")

    def teach(self, tab, pictures: int = 5) -> None:
        """Give two classes their names and pictures, and have them learned."""
        for place, name in enumerate(self.NAMES):
            part = tab.page.get_by_role("group", name=f"Class {place + 1}", exact=True)
            part.get_by_role("textbox").fill(name)
            part.get_by_label("Add pictures").set_input_files([self.drawn(name, k) for k in range(pictures)])
            part.get_by_text(f"{pictures} pictures").wait_for(timeout=SECONDS)
        tab.page.get_by_role("button", name="Teach it").click()
        tab.page.get_by_text("Trained.").wait_for(timeout=SECONDS)

    def test_tells_new_pictures_apart_after_five_of_each(self, open_page):
        tab = begin(open_page(PAGE))
        self.teach(tab)
        said = tab.page.get_by_text("Trained.").inner_text()
        assert "Of 8 training pictures" in said
        assert "of the 2 held back" in said
        for place, name in enumerate(self.NAMES):
            assert np.argmax(show(tab, self.drawn(name, 50))) == place
            assert verdict(tab).startswith(name)
            assert recognize(tab).locator(".live-nearest figcaption").first.inner_text().startswith(name)
        assert "after 100 steps" in tab.page.locator(".live-curve").get_attribute("aria-label")
        assert tab.messages == []

    def test_a_head_that_was_kept_answers_the_same_when_it_is_loaded(self, open_page):
        tab = begin(open_page(PAGE))
        self.teach(tab)
        before = show(tab, self.drawn("discs", 60))
        with tab.page.expect_download() as kept:
            tab.page.get_by_role("button", name="Download this head").click()
        assert kept.value.suggested_filename == "my-classes.json"
        file = {"name": "a.json", "mimeType": "application/json", "buffer": kept.value.path().read_bytes()}
        again = begin(open_page(PAGE))
        again.page.get_by_label("Load a head").set_input_files(file)
        again.page.get_by_text("Loaded a head for discs, stripes").wait_for()
        assert show(again, self.drawn("discs", 60)) == pytest.approx(before, abs=1e-6)

    def test_a_file_that_holds_no_head_is_refused_in_words(self, open_page):
        tab = begin(open_page(PAGE))
        file = {"name": "a.json", "mimeType": "application/json", "buffer": b"{}"}
        tab.page.get_by_label("Load a head").set_input_files(file)
        tab.page.get_by_text("The head was not loaded: the file holds no head.").wait_for()
        assert not tab.page.get_by_role("group", name="Which head answers").is_visible()

    def test_the_reader_chooses_which_head_answers(self, open_page, about):
        tab = begin(open_page(PAGE))
        self.teach(tab)
        assert len(show(tab, self.drawn("discs", 70))) == 2
        assert "nobody has measured" in recognize(tab).locator(".live-provenance").inner_text()
        tab.page.get_by_role("radio", name="the course's").check()
        assert recognize(tab).locator(".live-bars li").count() == len(about["names"])
        tab.page.get_by_role("radio", name="yours").check()
        assert recognize(tab).locator(".live-bars li").count() == 2

    def test_says_what_is_lacking_until_it_can_be_taught(self, open_page):
        tab = begin(open_page(PAGE))
        button, hint = tab.page.get_by_role("button", name="Teach it"), tab.page.locator("#live-hint")
        assert button.is_disabled()
        assert hint.inner_text() == "Give each class a name."
        names = tab.page.get_by_role("textbox", name="Name of class")
        names.nth(0).fill("mug")
        names.nth(1).fill("mug")
        assert hint.inner_text() == "Give each class a name of its own."
        names.nth(1).fill("<b>bottle</b>")
        assert hint.inner_text() == "“mug” needs at least 2 pictures; 5 or more are better."
        for _ in range(3):
            tab.page.get_by_role("button", name="Add a class").click()
        assert not tab.page.get_by_role("button", name="Add a class").is_visible()

    def test_a_picture_and_a_class_can_be_removed(self, open_page):
        tab = begin(open_page(PAGE))
        tab.page.get_by_role("button", name="Add a class").click()
        part = tab.page.get_by_role("group", name="Class 1", exact=True)
        part.get_by_role("textbox").fill("discs")
        part.get_by_label("Add pictures").set_input_files([self.drawn("discs", k) for k in range(2)])
        part.get_by_text("2 pictures").wait_for(timeout=SECONDS)
        part.get_by_role("button", name="Remove picture 1 of discs").click()
        part.get_by_text("1 picture;").wait_for()
        part.get_by_role("button", name="Remove this class").click()
        assert tab.page.locator(".live-class").count() == 2

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_has_no_accessibility_violation(self, open_page, theme):
        from axe_playwright_python.sync_playwright import Axe

        tab = begin(open_page(PAGE, theme=theme, **PHONE))
        self.teach(tab)
        show(tab, self.drawn("discs", 80))
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        number = tab.page.locator(".live-curve text").first.bounding_box()
        assert number["height"] >= 12, "too small to be read"
        violations = Axe().run(tab.page, context="#live-try").response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []


class TestAnotherBrowser:
    """A browser with a camera (a made one), and without WebGL and WebGPU."""

    SWITCHES = ("--disable-gpu", "--disable-3d-apis", "--disable-features=WebGPU")
    CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

    @pytest.fixture
    def page(self, browser, address):
        """The page, open in it."""
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        switches = ["--no-sandbox", *self.SWITCHES, *self.CAMERA]
        other = browser.browser_type.launch(executable_path=program, args=switches)
        page = other.new_page()
        page.goto(f"{address}/{PAGE}.html")
        if page.locator(".live-missing").count():
            pytest.skip("this site was built without the live part")
        yield page
        other.close()

    def test_answers_what_the_camera_sees_without_a_graphics_processor(self, page):
        assert page.evaluate("document.createElement('canvas').getContext('webgl2')") is None
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("button", name="Use the camera").click(timeout=SECONDS)
        page.get_by_role("button", name="Take the picture").click()
        page.wait_for_selector(".live-result[data-probabilities]", timeout=SECONDS)
        assert sum(json.loads(page.locator(".live-result").get_attribute("data-probabilities"))) == pytest.approx(1)
        page.get_by_role("button", name="Close the camera").click()
        assert page.get_by_role("button", name="Use the camera").is_visible()
        assert page.evaluate("document.querySelector('video').srcObject") is None
