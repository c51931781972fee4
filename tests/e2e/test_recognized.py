"""Words that name a date or a kind of item are chips on the page, with the real models."""

from tests.support.browser import wait


def test_a_chip_searches_for_its_words_instead(open_page):
    page = open_page("/?q=photos+of+a+dog+in+1950")
    wait(page, "document.querySelectorAll('#set .chip').length === 2")
    assert page.locator("#set .chip").all_inner_texts() == ["Kind: photos of ×", "Date: in 1950 ×"]
    assert "No item matches" in page.locator("#status").inner_text()
    page.locator("#set .chip").nth(1).click()
    wait(page, "document.querySelectorAll('#set .chip').length === 1")
    assert "literal=in+1950" in page.url
    page.reload()
    wait(page, "document.querySelectorAll('#set .chip').length === 1")
    assert page.locator("#set .chip").all_inner_texts() == ["Kind: photos of ×"]


def test_chips_stay_when_the_names_of_tags_arrive_late(open_page):
    page = open_page("/?q=photos+of+a+dog+in+1950", locale="zh-CN")
    wait(page, "document.querySelectorAll('#set .chip').length === 2")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/machine-tags*", hold)
    page.reload(wait_until="commit")  # the held request delays "load"
    wait(page, "document.querySelectorAll('#set .chip').length === 2")
    held[0].continue_()
    page.wait_for_timeout(500)
    assert page.locator("#set .chip").count() == 2
