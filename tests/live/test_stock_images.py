"""Compose files in the style of published ones, on the like of stock images that begin as root."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import stock_images
from conftest import Lab, page

pytestmark = pytest.mark.long
LABS = Path(__file__).parent / "labs"


class StockLab(Lab):
    """The stack, and its lab file, which a test changes."""

    def __init__(self, file: Path) -> None:
        super().__init__("stock")
        self.file = file


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockLab]:
    """Six compose files on one guest."""
    if lacking := stock_images.missing():
        pytest.skip(f"./lab test --all builds them outside the sandbox: {', '.join(lacking)}")
    folder = tmp_path_factory.mktemp("stock")
    shutil.copytree(LABS / "stock", folder / "stock")
    shutil.copy(LABS / "stock.yaml", folder)
    made = StockLab(folder / "stock.yaml")
    made("up", "--yes", str(made.file))
    yield made
    made.down()


def url(lab: Lab, service: str) -> str:
    (found,) = [e["url"] for e in lab.status()["endpoints"] if e["service"] == service]
    return found


def psql(lab: Lab, words: str) -> str:
    command = ("psql", "--username=shop", "--tuples-only", "--no-align", "--command", words)
    return lab("exec", "--stack", "stock", "postgres", "--", *command)


def processes(lab: Lab, container: str) -> set[str]:
    """Users of its processes."""
    listed = lab.guest(f"docker top {container} -o pid,user").splitlines()[1:]
    return {line.split()[1] for line in listed}


def test_a_web_server_shows_a_folder_of_this_machine(lab: Lab) -> None:
    assert page(url(lab, "site")).strip() == "<h1>a static site</h1>"


def test_a_database_has_the_tables_of_its_first_start(lab: Lab) -> None:
    psql(lab, "INSERT INTO goods VALUES ('bread')")
    assert psql(lab, "SELECT name FROM goods").strip() == "bread"


def test_a_page_reaches_its_cache_by_the_name_of_its_link(lab: Lab) -> None:
    first, second = (page(url(lab, "counter")) for _ in range(2))
    assert (first, second) == ("visits: 1", "visits: 2")


def test_a_page_starts_once_its_database_is_healthy(lab: Lab) -> None:
    assert page(url(lab, "blog")) == "posts: 1"


@pytest.mark.parametrize("name", ["shop", "news"])
def test_a_proxy_of_a_template_leads_by_path(lab: Lab, name: str) -> None:
    assert page(f"{url(lab, 'gateway')}/{name}/").strip() == f"this is {name}"


def test_a_dashboard_sees_the_guest_and_not_this_machine(lab: Lab) -> None:
    said = json.loads(page(url(lab, "dashboard")))
    assert said["first process"] in ("systemd", "init")
    assert {"site", "postgres-1", "redis-1", "mariadb-1", "dashboard-1"} <= {*said["containers"]}


def test_they_began_as_root_and_went_on_as_another_user(lab: Lab) -> None:
    for container in ("postgres-1", "redis-1", "mariadb-1"):
        users = processes(lab, container)
        assert users and not users & {"root", "0"}, container
    assert len(processes(lab, "site")) == 2, "nginx has a master as root, and workers"


def test_their_volumes_survive_a_rebuilt_guest(lab: StockLab) -> None:
    lab.guest("touch /root/before")
    lab.file.write_text(lab.file.read_text().replace("disk: 6GiB", "disk: 7GiB"))
    lab("up", "--yes", str(lab.file))
    assert lab.guest("test -e /root/before || echo rebuilt").strip() == "rebuilt"
    assert psql(lab, "SELECT name FROM goods").strip() == "bread"
    assert page(url(lab, "counter")) == "visits: 3"
    assert page(url(lab, "blog")) == "posts: 2"
