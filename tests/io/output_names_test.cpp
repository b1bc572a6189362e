#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/output_names.hpp>

#include <algorithm>

TEST_CASE("every text has a short, visible name of its own") {
    const std::string longer(300, 'x');
    const std::vector<std::string> texts{"a red boot",   "a red, boot",         "A red boot",        "",
                                         "...",          "../../etc/passwd",    "красный ботинок",   "зелёный ботинок",
                                         "a red boot_2", "two\nlines",          longer + "a",        longer + "b",
                                         "caf\xE9",      "\xEF\xBB\xBF.hidden", "“quoted”\u2003text"};
    const auto names = walt::file_names(texts);
    REQUIRE(names.size() == texts.size());
    CHECK(std::vector<std::string>(names.begin(), names.begin() + 6) ==
          std::vector<std::string>{"a_red_boot", "a_red_boot_2", "A_red_boot_3", "no_text", "no_text_2", "etc_passwd"});
    CHECK(names[6] == "красный_ботинок");
    CHECK(names[7] == "зелёный_ботинок");
    CHECK(names[8] == "a_red_boot_2_2");
    CHECK(names[9] == "two_lines");
    CHECK(names[12] == "caf");
    CHECK(names[13] == "hidden");
    CHECK(names[14] == "quoted_text");
    auto sorted = names;
    std::sort(sorted.begin(), sorted.end());
    CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    for (const std::string& name : names)
        CHECK((name.size() <= 64 && name[0] != '.' && name[0] != '-' && walt::unicode::valid(name)));
    CHECK(walt::file_names({"Красный", "красный", "ÉTÉ", "été", "e\u0301te\u0301", "ete"}) ==
          std::vector<std::string>{"Красный", "красный_2", "ÉTÉ", "été_2", "e\u0301te\u0301_3", "ete_4"});
    CHECK(walt::file_names({"-rf", "--out", "-", "- a t-shirt-"}) ==
          std::vector<std::string>{"rf", "out", "no_text", "a_t-shirt-"});
    CHECK(walt::file_names({"\u3164", "\u2800\u2800", "a\u3164\u1160b"}) ==
          std::vector<std::string>{"no_text", "no_text_2", "a_b"});
    std::string wide;
    for (int i = 0; i < 40; ++i) wide += "ы";
    CHECK(walt::file_names({wide})[0].size() == 60); // whole letters
}

TEST_CASE("a folder for results is made, and tried, before anything is computed") {
    const temporary_folder folder;
    walt::make_writable(folder.path / "a" / "b");
    CHECK(std::filesystem::is_empty(folder.path / "a" / "b"));
    folder.write("file", "");
    CHECK_THROWS_WITH(walt::make_writable(folder.path / "file" / "clips"), Catch::Contains("cannot be made"));
    CHECK_THROWS_AS(walt::make_writable("/proc/clips"), walt::error);
}
