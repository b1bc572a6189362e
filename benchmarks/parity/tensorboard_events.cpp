// Event files, of a run and of one that goes on behind its step 20, for the script tensorboard beside this:
//     tensorboard_events FOLDER
#include <walt/io/event_file.hpp>

#include <cmath>
#include <exception>

int main(int count, char** arguments) try {
    walt::require(count == 2, "tensorboard_events FOLDER; {} arguments came", count - 1);
    const std::filesystem::path folder = arguments[1];
    walt::video shades{5, 32, 48, {}};
    for (int i = 0; i < 5 * 32 * 48 * 3; ++i) shades.rgb.push_back(static_cast<std::uint8_t>(i / 3 % 48 * 5));
    const auto loss = [](std::int64_t step) { return std::exp(-0.05 * static_cast<double>(step)); };
    {
        walt::event_file first(folder);
        first.text(0, "settings", R"({"seed":1})");
        for (std::int64_t step = 1; step <= 30; ++step) first.scalar(step, "loss", -1 * (step > 20) + loss(step));
    }
    walt::event_file second(folder, 20);
    for (std::int64_t step = 21; step <= 40; ++step) second.scalar(step, "loss", loss(step));
    second.scalars(40, std::vector<std::pair<std::string, double>>{{"Frechet (item features)", 0.25}, {"PSNR", 29.9}});
    second.image(40, "frame", shades, 3);
    second.animation(40, "samples", shades);
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
