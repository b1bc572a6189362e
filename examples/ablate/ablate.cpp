// Which rows there are, and the loop over those that are not measured yet.
#include "ablate.hpp"

#include "workbench.hpp"

#include <walt/io/atomic_file.hpp>
#include <walt/io/json.hpp>
#include <walt/io/output_names.hpp>
#include <walt/io/read_file.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace ablate {

namespace {

std::vector<part>& listed() {
    static std::vector<part> all; // parts of other units are made before main, in any order
    return all;
}

std::string text_of(const std::filesystem::path& file) {
    const std::vector<std::byte> bytes = walt::read_file(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One folder has results of one setting: what is there was measured with it.
void hold_to_settings(const options& how) {
    const std::string asked =
        walt::json_fields()("steps", how.steps)("tokenizer_steps", how.tokenizer_steps)("judge_steps", how.judge_steps)(
            "clips", how.clips)("evaluated", how.evaluated)("batch", how.batch)("sampling_steps", how.sampling_steps)(
            "videos", how.videos.string())("features", how.features.filename().string())
            .text() +
        "\n";
    const std::filesystem::path file = how.run / "settings.json";
    walt::make_writable(how.run);
    if (!std::filesystem::exists(file)) return walt::write_atomically(file, asked);
    const std::string before = text_of(file);
    walt::require(before == asked, "{} was measured with {}, and {} is asked for: take another --run", how.run.string(),
                  before.substr(0, before.size() - 1), asked.substr(0, asked.size() - 1));
}

bool asked_for(const options& how, const part& of) {
    return how.parts.empty() || std::find(how.parts.begin(), how.parts.end(), of.name) != how.parts.end();
}

/// False: interrupted.
bool measure(workbench& bench, const part& of, const row& one, std::uint64_t seed, const std::filesystem::path& file) {
    const auto begun = std::chrono::steady_clock::now();
    const auto found = one.measure(bench, seed);
    if (!found) return false;
    walt::json_fields fields;
    std::string line = fmt::format("{}: {}, seed {}, {:.0f} s:", of.name, one.name, seed,
                                   std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    for (const auto& [name, value] : *found) {
        fields(name, value);
        line += fmt::format("  {} {:.4g}", name, value);
    }
    std::filesystem::create_directories(file.parent_path());
    walt::write_atomically(file, fields.text() + "\n");
    fmt::print("{}\n", line);
    std::fflush(stdout);
    write_table(bench.how);
    return true;
}

} // namespace

std::optional<walt::folder_lock> claim(const options& how, const std::string& name) {
    const std::filesystem::path folder = how.run / "claims" / walt::file_names({name}).front();
    std::filesystem::create_directories(folder);
    try {
        return std::optional<walt::folder_lock>(std::in_place, folder);
    } catch (const walt::error&) { // it has no other
        return {};
    }
}

walt::folder_lock wait_to_claim(const options& how, const std::string& name) {
    for (bool said = false;; said = true) {
        if (std::optional<walt::folder_lock> mine = claim(how, name)) return std::move(*mine);
        if (!said) fmt::print("another process is at '{}'\n", name), std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::seconds(2));
    }
}

bool list(part one) {
    std::vector<part>& all = listed();
    const auto order = [](const part& a, const part& b) {
        return std::pair(a.place, a.name) < std::pair(b.place, b.name);
    };
    all.insert(std::upper_bound(all.begin(), all.end(), one, order), std::move(one));
    return true;
}

const std::vector<part>& parts() { return listed(); }

std::filesystem::path result_file(const options& how, const part& of, const row& one, std::uint64_t seed) {
    const std::string name = one.measure ? of.name + "-" + walt::file_names({one.name}).front() : "base-base";
    return how.run / "results" / fmt::format("{}-{}.json", name, seed);
}

std::optional<walt::named_numbers> read_result(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return {};
    walt::named_numbers numbers;
    walt::json::parse(file.string(), text_of(file)).each([&](const std::string& name, const walt::json& value) {
        if (const auto number = value.number()) numbers.emplace_back(name, *number);
    });
    return numbers;
}

bool run(const options& how) {
    for (const std::string& name : how.parts)
        walt::require(std::any_of(parts().begin(), parts().end(), [&](const part& of) { return of.name == name; }),
                      "there is no part '{}' in this build (scripts/ablate builds all)", name);
    hold_to_settings(how);
    workbench bench(how);
    for (const bool waits : {false, true}) // first what no other process is at, then what none of them finished
        for (int seed = 1; seed <= how.seeds; ++seed)
            for (const part& of : parts())
                for (const row& one : of.rows) {
                    if (!one.measure || (!asked_for(how, of) && of.name != "base")) continue;
                    const auto from = static_cast<std::uint64_t>(seed);
                    const std::filesystem::path file = result_file(how, of, one, from);
                    if (std::filesystem::exists(file)) continue;
                    const std::string name = file.stem().string();
                    const std::optional<walt::folder_lock> mine = waits ? wait_to_claim(how, name) : claim(how, name);
                    if (!mine || std::filesystem::exists(file)) continue;
                    if (!measure(bench, of, one, from, file)) return false;
                }
    write_table(how); // of what was there already, too
    return true;
}

} // namespace ablate
