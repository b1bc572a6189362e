// Logs of a run: JSON lines, TensorBoard's events, and what is sampled and measured between steps.
#include "../datasets/temporary_folder.hpp"
#include "../io/event_files.hpp"
#include "regression.hpp"

#include <walt/io/mp4.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/train/evaluate_every.hpp>
#include <walt/train/json_log.hpp>
#include <walt/train/measures_log.hpp>
#include <walt/train/tensorboard_log.hpp>

#include <fstream>
#include <set>

using namespace walt;
using namespace walt::testing;

namespace {
using model_type = regressor<reference::context, double>;
const auto source = [](std::int64_t n) { return rows_of(n); };

std::vector<json> lines_of(const std::filesystem::path& path) {
    std::vector<json> found;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) found.push_back(json::parse(path.string(), line));
    return found;
}
/// Events of all files of a folder, in the order of their names.
std::vector<events::message> events_of(const std::filesystem::path& folder) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.insert(entry.path());
    std::vector<events::message> found;
    for (const auto& file : files)
        for (const auto& event : events::read(file)) found.push_back(event);
    return found;
}
} // namespace

TEST_CASE("a run is logged as JSON lines, settings first, and goes on in the same file") {
    const temporary_folder folder;
    const auto path = folder.path / "new" / "log.jsonl";
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{}, adamw{}, {.seed = seed{77}});
    std::vector<double> losses;
    const auto keep = [&](auto&, const step_result& result) { losses.push_back(result.loss); };
    json_log log(path, R"(batch "16")");
    CHECK_THROWS_WITH(log.numbers(1, {}), Catch::Contains("give the log to run()"));
    REQUIRE(run.run(source, steps{3}, log, keep));
    log.numbers(3, {{"PSNR", 1.5}, {"nothing", 0.0 / 0.0}});
    auto lines = lines_of(path);
    REQUIRE(lines.size() == 5);
    CHECK(lines[0]["seed"].natural() == 77);
    CHECK(lines[0]["settings"].string() == R"(batch "16")");
    CHECK(lines[0]["walt"].string() == version);
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(lines[i]["step"].natural() == static_cast<std::int64_t>(i));
        CHECK(lines[i]["loss"].number() == losses[i - 1]);
        CHECK(lines[i]["learning_rate"].number().has_value());
    }
    CHECK(lines[4]["PSNR"].number() == 1.5);
    CHECK(lines[4]["nothing"].text() == "null");

    std::ofstream(path, std::ios::app) << R"({"step":9,"loss":1})" << '\n'
                                       << R"({"step":2,"lo)"; // it died behind step 3
    REQUIRE(run.run(source, steps{4}, log));
    lines = lines_of(path);
    REQUIRE(lines.size() == 6);
    CHECK(lines[5]["step"].natural() == 4);
    CHECK_THROWS_WITH(json_log(path, "", 0), Catch::Contains("every is 0"));
}

TEST_CASE("a log that cannot be written stops the run with the reason") {
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    const temporary_folder folder;
    std::ofstream(folder.path / "file") << "x";
    CHECK_THROWS_WITH(run.run(source, steps{1}, tensorboard_log(folder.path / "file")),
                      Catch::Contains("cannot be opened for writing: Not a directory"));
}

TEST_CASE("a run is logged for TensorBoard, every so many steps, and a resumed one takes back later steps") {
    const temporary_folder folder;
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{}, adamw{}, {.seed = seed{77}});
    std::vector<double> losses;
    const auto keep = [&](auto&, const step_result& result) { losses.push_back(result.loss); };
    tensorboard_log board(folder.path, "a run", 2);
    REQUIRE(run.run(source, steps{4}, board, keep));
    auto found = events_of(folder.path);
    REQUIRE(found.size() == 5);     // version, a session that starts, settings, steps 2 and 4
    CHECK(found[1].number(2) == 1); // so that what one left that died before it saved a state is taken back
    CHECK(events::message(found[1].text(7)).number(1) == 1);
    const events::message settings = events::values(found[2]).at(0);
    CHECK(settings.text(1) == "settings");
    const std::string told = events::message(settings.text(8)).text(8);
    CHECK(json::parse("settings", told)["seed"].natural() == 77);
    CHECK(found[3].number(2) == 2);
    REQUIRE(events::values(found[4]).size() == 3);
    CHECK(events::values(found[4])[0].text(1) == "loss");
    CHECK(events::real(events::values(found[4])[0]) == static_cast<float>(losses[3]));

    REQUIRE(run.run(source, steps{6}, board));
    found = events_of(folder.path);
    REQUIRE(found.size() == 9);
    CHECK(events::message(found[6].text(7)).number(1) == 1); // a session starts
    CHECK(found[6].number(2) == 5);
    CHECK(found[8].number(2) == 6);
}

TEST_CASE("a log that is there and cannot be read is not begun anew") {
    const temporary_folder folder;
    std::filesystem::create_symlink("log.csv", folder.path / "log.csv"); // of itself
    CHECK_THROWS_WITH(step_lines(folder.path / "log.csv", "step", 3), Catch::Contains("Too many levels"));
    CHECK(std::filesystem::is_symlink(folder.path / "log.csv"));
    CHECK_THROWS_WITH(step_lines(folder.path, "step", 3), Catch::Contains("it is a folder"));
    CHECK_THROWS_AS(step_lines(folder.write("file", "x") / "log.csv", "step", 3), error); // and nothing else
}

TEST_CASE("lines of a log with other columns are not kept under new names") {
    const temporary_folder folder;
    const auto path = folder.write("measured.csv", "step,PSNR\r\n1,30\r\n4,40\r\n");
    CHECK_THROWS_WITH(step_lines(path, "step,FVD,PSNR", 3),
                      Catch::Contains("has the columns step,PSNR; this run's are step,FVD,PSNR: give it another file"));
    const auto text = [&] {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    CHECK(text().ends_with("4,40\r\n")); // as it was
    step_lines(path, "step,PSNR", 3).add("2,31");
    CHECK(text() == "step,PSNR\n1,30\r\n2,31\n");
    step_lines(path, "step,FVD,PSNR", 0).add("1,9,29"); // a new run keeps none
    CHECK(text() == "step,FVD,PSNR\n1,9,29\n");
}

TEST_CASE("a run makes up for what one that died behind its last saved state had not measured") {
    const temporary_folder folder;
    const auto path = folder.path / "measured.csv";
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    int measured = 0;
    const auto until = [&](std::int64_t count) {
        REQUIRE(run.run(
            source, steps{count},
            measures_log{path, 2, [&] {
                             return named_numbers{{"of step", static_cast<double>(10 * run.step_count() + ++measured)}};
                         }}));
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    CHECK(until(4) == "step,of step\n2,21\n4,42\n");
    CHECK(until(5) == "step,of step\n2,21\n4,42\n5,53\n"); // nothing was missing
    CHECK(until(5) == "step,of step\n2,21\n4,42\n5,53\n");
    std::ofstream(path) << "step,of step\n2,21\n4,42\n5,";
    CHECK(until(5) == "step,of step\n2,21\n4,42\n5,54\n"); // its end
    CHECK(until(6) == "step,of step\n2,21\n4,42\n5,54\n6,65\n");
    std::ofstream(path) << "step,of step\n2,21\n4,42\n5,54\n";
    CHECK(until(7) == "step,of step\n2,21\n4,42\n5,54\n6,66\n7,77\n"); // a step that is measured
    std::ofstream(path) << "step,of step\n2,21\n";
    CHECK(until(8) == "step,of step\n2,21\n8,88\n"); // step 7 is neither
}

TEST_CASE("samples are made, measured and logged every so many steps and at the end") {
    const temporary_folder folder;
    reference::context ctx;
    model_type model(ctx, seed{5});
    trainer run(model, squared_error{});
    int sampled = 0;
    json_log lines(folder.path / "log.jsonl", "", 100);
    tensorboard_log board(folder.path / "board", "", 100);
    evaluate_every look(
        2,
        [&] {
            ++sampled;
            return clips{.shape = {10, 3, 8, 8},
                         .pixels = std::vector<float>(10 * 3 * 8 * 8 * 3, 0.1f * static_cast<float>(sampled))};
        },
        [](const clips& made) {
            return named_numbers{{"brightness", static_cast<double>(made.pixels[0])}};
        },
        lines, board, sample_folder{folder.path / "samples", "seed 5"});
    REQUIRE(run.run(source, steps{5}, lines, board, look));
    CHECK(sampled == 3);
    const auto found = lines_of(folder.path / "log.jsonl");
    REQUIRE(found.size() == 4);
    CHECK(found[1]["step"].natural() == 2);
    CHECK(found[3]["step"].natural() == 5);
    CHECK(found[3]["brightness"].number() == Approx(0.3));
    const auto shown = events_of(folder.path / "board");
    REQUIRE(shown.size() == 3 + 3 * 2);
    const events::message image(events::values(shown.back()).at(0).text(4));
    CHECK((image.number(1) == 8 * 2 + 2 && image.number(2) == 8 * 4 + 3 * 2)); // 8 of the 10 clips, 4 in a row
    for (const char* name : {"samples_0000002.gif", "samples_0000004.gif", "samples_0000005.gif"})
        CHECK(probe(folder.path / "samples" / name).comment == "seed 5");
    REQUIRE(run.run(source, steps{5}, lines, board, look)); // nothing to do
    CHECK(sampled == 3);
}
