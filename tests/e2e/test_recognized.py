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


LATE_NAMES = """
const real = window.fetch;
window.fetch = async (...all) => {
  const isLate = String(all[0]).includes('/machine-tags');
  if (isLate) await new Promise((resolve) => setTimeout(resolve, 4000));
  const response = await real(...all);
  if (isLate) window.named = true;
  return response;
};
"""


def test_chips_stay_when_the_names_of_tags_arrive_late(open_page):
    page = open_page("/?q=photos+of+a+dog+in+1950", locale="zh-CN")
    wait(page, "document.querySelectorAll('#set .chip').length === 2")
    page.add_init_script(LATE_NAMES)
    page.reload()
    wait(page, "document.querySelectorAll('#set .chip').length === 2 && window.named")
    page.wait_for_timeout(500)
    assert page.locator("#set .chip").count() == 2
