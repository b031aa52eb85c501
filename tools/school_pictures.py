"""The pictures of docs/school.md, taken anew from a demo school: tools/school_pictures.py (needs chromium).

It serves `sheber serve --demo` in a temporary folder, waits until everything is judged, logs in as a student, the
teacher and the administrator, and writes docs/images/school/*.webp.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import cv2
import numpy as np
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "images" / "school"
PORT = 8767
BASE = f"http://127.0.0.1:{PORT}"
SIZE = 1440, 900
QUALITY = 80
LIVE_S = 30  # from Run until the arm is in the middle of its work, drawn by software
COURSE = 2  # of the demo
CLUMSY = 7  # an attempt of liwei
PAGES = {
    "liwei": [
        ("courses", "/"),
        ("course", f"/courses/{COURSE}"),
        ("submission", f"/submissions/{CLUMSY}"),
        ("attempts", "/assignments/{palletising}/attempts"),
    ],
    "teacher": [
        ("gradebook", f"/courses/{COURSE}/gradebook"),
        ("statistics", "/assignments/{palletising}/statistics"),
        ("settings", "/assignments/{palletising}/settings"),
        ("student", f"/courses/{COURSE}/students/5"),
        ("similarity", "/assignments/{vision_sorting}/similarity"),
    ],
    "admin": [("queue", "/school/queue"), ("people", "/school/people")],
}


def main() -> None:
    """Serve, wait, take the pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        command = [
            Path(sys.executable).parent / "sheber",
            "serve",
            Path(folder, "school"),
            "--demo",
            "--port",
            str(PORT),
        ]
        with log.open("wb") as stream:
            server = subprocess.Popen(command, stdout=stream, stderr=stream)
        try:
            said = waited(log)
            wait_until_judged()
            browser = opened()
            take_all(browser, said)
            browser.quit()
        finally:
            server.terminate()
            server.wait()


def waited(log: Path) -> str:
    """What the server said at its start."""
    while "Stop it with" not in (said := log.read_text("utf-8")):
        time.sleep(0.5)
    return said


def wait_until_judged() -> None:
    """Until no job waits or runs, as the measures tell."""
    while True:
        text = urllib.request.urlopen(f"{BASE}/metrics").read().decode()
        counts = dict(re.findall(r'^sheber_jobs\{state="(\w+)"\} ([\d.]+)', text, re.MULTILINE))
        if float(counts.get("done", 0)) and not float(counts.get("queued", 0)) and not float(counts.get("leased", 0)):
            return
        time.sleep(2)


def opened() -> webdriver.Chrome:
    """A browser without a window."""
    options = webdriver.ChromeOptions()
    for word in (
        "--headless",
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-quic",
    ):
        options.add_argument(word)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False},
    )
    return browser


def take_all(browser: webdriver.Chrome, said: str) -> None:
    """Every picture."""
    browser.get(f"{BASE}/log-in")
    take(browser, "log-in")
    assignments: dict[str, str] = {}
    passwords = dict(re.findall(r"^  (\w+) +([a-z0-9]{4}-[a-z0-9-]+) ", said, re.MULTILINE))
    for login, pages in PAGES.items():
        enter(browser, login, passwords.get(login, ""), said)
        assignments = assignments or assignments_of(browser)
        for name, path in pages:
            browser.get(BASE + path.format_map(assignments))
            time.sleep(1.5)
            take(browser, name)
        if login == "liwei":
            take_live(browser, assignments["palletising"])
        browser.delete_all_cookies()


def enter(browser: webdriver.Chrome, login: str, password: str, said: str) -> None:
    """Log in; the administrator by the one-time link."""
    if password:
        browser.get(f"{BASE}/log-in")
        browser.find_element(By.NAME, "login").send_keys(login)
    else:
        browser.get(re.findall(r"http\S+/invitation/\S+", said)[0])
    for field in browser.find_elements(By.CSS_SELECTOR, "input[type=password]"):
        field.send_keys(password or "a long walk over the steppe")
    browser.find_element(By.CSS_SELECTOR, "main form button").click()
    time.sleep(2)


def assignments_of(browser: webdriver.Chrome) -> dict[str, str]:
    """The numbers of the course's assignments by the words of their titles, "vision_sorting"."""
    browser.get(f"{BASE}/courses/{COURSE}")
    links = browser.find_elements(By.CSS_SELECTOR, "main a[href*='/assignments/']")
    return {
        one.text.strip().lower().replace(" ", "_"): one.get_attribute("href").rpartition("/")[2]
        for one in links
        if one.text.strip()
    }


def take_live(browser: webdriver.Chrome, assignment: str) -> None:
    """The page of an exercise while its run is played."""
    browser.get(f"{BASE}/assignments/{assignment}")
    time.sleep(5)
    source = (ROOT / "src/sheber/exercises/palletising/programs/reference.py").read_text("utf-8")
    editor = WebDriverWait(browser, 60).until(lambda found: found.find_element(By.CSS_SELECTOR, ".cm-content"))
    typed = "arguments[0].focus(); document.execCommand('selectAll'); document.execCommand('insertText', false, arguments[1])"
    browser.execute_script(typed, editor, source)
    [one for one in browser.find_elements(By.TAG_NAME, "button") if one.text.strip() == "Run"][-1].click()
    time.sleep(LIVE_S)
    take(browser, "live")


def take(browser: webdriver.Chrome, name: str) -> None:
    """One picture."""
    picture = cv2.imdecode(np.frombuffer(browser.get_screenshot_as_png(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(OUT / f"{name}.webp"), picture, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    print(f"{name}.webp")


if __name__ == "__main__":
    main()
