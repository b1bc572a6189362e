// The table, and what became of the paper's orderings.
#include "ablate.hpp"

#include <walt/io/atomic_file.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

namespace ablate {

namespace {

/// Mean and deviation of a number over the seeds.
struct spread {
    int count = 0;
    double sum = 0, squares = 0, most = 0;

    void add(double value) {
        ++count;
        sum += value;
        squares += value * value;
        most = std::max(most, value);
    }
    double mean() const { return sum / count; }
    double deviation() const {
        return count < 2 ? 0 : std::sqrt(std::max(0.0, (squares - sum * mean()) / (count - 1)));
    }
    double error() const { return deviation() / std::sqrt(count); } ///< of the mean
    static std::string number(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }
    std::string text(int digits) const {
        if (count == 0) return "";
        const std::string middle = number(mean(), digits), around = number(deviation(), digits);
        return count == 1 || around == number(0, digits) ? middle : middle + " ± " + around;
    }
};

/// A row's numbers over its seeds.
struct measured {
    const row* of;
    std::vector<std::pair<std::string, spread>> numbers{};
    int seeds = 0;

    const spread* find(const std::string& name) const {
        for (const auto& [known, value] : numbers)
            if (known == name) return &value;
        return nullptr;
    }
    void add(const walt::named_numbers& found) {
        ++seeds;
        for (const auto& number : found) {
            auto at = std::find_if(numbers.begin(), numbers.end(),
                                   [&](const auto& one) { return one.first == number.first; });
            if (at == numbers.end()) at = numbers.insert(numbers.end(), {number.first, {}});
            at->second.add(number.second);
        }
    }
};

std::vector<measured> measured_rows(const options& how, const part& of) {
    std::vector<measured> rows;
    for (const row& one : of.rows) {
        measured found{&one};
        for (int seed = 1; seed <= how.seeds; ++seed)
            if (const auto numbers = read_result(result_file(how, of, one, static_cast<std::uint64_t>(seed))))
                found.add(*numbers);
        if (found.seeds > 0) rows.push_back(std::move(found));
    }
    return rows;
}

struct column {
    const char *number, *head;
    int digits;
    bool of_the_fastest = false; ///< what other programs take away is no property of the row

    std::string text(const spread& of) const {
        return of_the_fastest ? spread::number(of.most, digits) : of.text(digits);
    }
};
constexpr column columns[] = {{"loss, self-conditioned", "held-out loss", 4},
                              {"Frechet", "Fréchet", 3},
                              {"caption %", "caption %", 1},
                              {"item %", "item %", 1},
                              {"direction %", "direction %", 1},
                              {"steps/s", "steps/s", 1, true},
                              {"GFLOP a step", "GFLOP", 1},
                              {"parameters", "parameters", 0},
                              {"reconstruction, PSNR", "tokenizer's PSNR", 2},
                              {"reconstruction, Frechet", "its Fréchet", 3}};

/// What was done, before the table.
std::string introduction(const options& how) {
    return fmt::format(
        "{} of 17 x 32 x 32 pixels. Every row is the base (width {}, {} layers, windows 1 x 8 x 8 and 5 x 4 x 4 of "
        "5 x 8 x 8, rank {}, self-conditioning 0.9, float32) with one thing changed: {} steps of {} clips on the "
        "latents of {}, the seed of start, noise and order; {} samples of {} DDIM steps without guidance. Tokenizers "
        "({} steps) are trained once. Mean ± deviation over the seeds.\n\n"
        "Fréchet is the distance of the features of the samples' frames from those of other real clips, in "
        "{} (a classifier of clothes: no FVD). Held-out loss is of clips that no row saw, with the estimate of x0; of "
        "other latents it is another scale. steps/s are of the fastest tenth of the fastest seed's. Two rows are told "
        "apart where their means differ by more than chance makes them once in twenty times (Student's t).\n\n",
        how.videos.empty() ? "Moving fashion" : "Videos", base::hidden, base::depth, base::adaln_rank, how.steps,
        how.batch, how.clips, how.evaluated, how.sampling_steps, how.tokenizer_steps, how.features.filename().string());
}

/// How many standard errors a difference of two means exceeds by chance once in twenty times: Student's t.
double rarely_exceeded(int degrees) {
    constexpr double known[] = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23};
    return degrees <= 10 ? known[degrees - 1] : 1.96 + 2.7 / degrees;
}

/// Of a number that is better small.
std::string ordered(const spread& better, const spread& worse) {
    const double apart = worse.mean() - better.mean(), error = std::hypot(better.error(), worse.error());
    const int least = std::min(better.count, worse.count), degrees = better.count + worse.count - 2;
    return least < 2                                             ? "one seed, so nobody knows"
           : std::abs(apart) <= rarely_exceeded(degrees) * error ? "not told apart"
           : apart > 0                                           ? "**as in the paper**"
                                                                 : "**the other way round**";
}

/// Two rows of which the paper says that one is better.
std::string verdict(const measured& better, const measured& worse) {
    std::string text = fmt::format("- {} ({:.1f}) before {} ({:.1f}):", better.of->name, better.of->paper,
                                   worse.of->name, worse.of->paper);
    const auto compare = [&](const char* number, const char* head) {
        const spread *a = better.find(number), *b = worse.find(number);
        if (a && b) text += fmt::format("{} {:.3f} and {:.3f}, {}", head, a->mean(), b->mean(), ordered(*a, *b));
    };
    compare("Frechet", " Fréchet");
    if (better.of->losses_compare && worse.of->losses_compare) compare("loss, self-conditioned", "; loss");
    return text + "\n";
}

std::string table_of(const part& of, const std::vector<measured>& rows) {
    std::vector<column> shown;
    for (const column& one : columns) { // what differs, and what matters
        std::set<std::string> values;
        for (const measured& row : rows)
            if (const spread* value = row.find(one.number)) values.insert(one.text(*value));
        const bool always =
            std::string_view(one.number).substr(0, 4) == "loss" || std::string_view(one.number) == "Frechet";
        if (values.size() > 1 || always || rows.size() == 1) shown.push_back(one);
    }
    const bool in_paper = std::any_of(rows.begin(), rows.end(), [](const measured& one) { return one.of->paper > 0; });
    std::string text = fmt::format("## {}\n\n| |{} seeds |", of.title, in_paper ? " paper's FVD |" : ""),
                line = in_paper ? "|---|---|---|" : "|---|---|";
    for (const column& one : shown) {
        text += fmt::format(" {} |", one.head);
        line += "---|";
    }
    text += "\n" + line + "\n";
    for (const measured& row : rows) {
        text += fmt::format("| {} |", row.of->name);
        if (in_paper) text += row.of->paper > 0 ? fmt::format(" {:.1f} |", row.of->paper) : " |";
        text += fmt::format(" {} |", row.seeds);
        for (const column& one : shown) {
            const spread* value = row.find(one.number);
            text += fmt::format(" {} |", value ? one.text(*value) : "");
        }
        text += "\n";
    }
    std::vector<const measured*> order;
    for (const measured& row : rows)
        if (row.of->paper > 0) order.push_back(&row);
    std::stable_sort(order.begin(), order.end(),
                     [](const measured* a, const measured* b) { return a->of->paper < b->of->paper; });
    text += "\n";
    for (std::size_t i = 1; i < order.size(); ++i) text += verdict(*order[i - 1], *order[i]);
    return text + "\n";
}

/// A panel a part, a line a row: mean and deviation of the Frechet distance.
class picture {
  public:
    void add(const part& of, const std::vector<measured>& rows) {
        double low = 1e300, high = -1e300;
        for (const measured& one : rows)
            if (const spread* value = one.find("Frechet")) {
                low = std::min(low, value->mean() - value->deviation());
                high = std::max(high, value->mean() + value->deviation());
            }
        if (low > high) return;
        const double room = std::max(1e-9, 0.08 * (high - low));
        low -= room, high += room;
        const auto across = [&](double value) { return left + (value - low) / (high - low) * (right - left); };
        write(10, bottom_ += 34, of.title, "start", 14);
        for (const measured& one : rows) {
            const spread* value = one.find("Frechet");
            if (!value) continue;
            bottom_ += 20;
            write(left - 10, bottom_ + 4, one.of->name, "end", 12);
            const double y = bottom_, at = across(value->mean()), from = across(value->mean() - value->deviation()),
                         to = across(value->mean() + value->deviation());
            svg_ += fmt::format("<path d=\"M{} {}H{}\" stroke=\"#ddd\"/>\n<path d=\"M{:.1f} {}H{:.1f}\" "
                                "stroke=\"#38c\" stroke-width=\"3\"/>\n<circle cx=\"{:.1f}\" cy=\"{}\" r=\"4\" "
                                "fill=\"#138\"/>\n",
                                left, y, right, from, y, to, at, y);
            write(right + 10, bottom_ + 4, value->text(3), "start", 12);
        }
    }
    std::string text() const {
        return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{0}\" viewBox=\"0 0 760 "
                           "{0}\" font-family=\"sans-serif\">\n<rect width=\"760\" height=\"{0}\" fill=\"#fff\"/>\n",
                           bottom_ + 20) +
               svg_ + "</svg>\n";
    }

  private:
    static constexpr double left = 210, right = 600;
    void write(double x, double y, const std::string& what, const char* anchor, int size) {
        svg_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\">{}</text>\n", x, y, size,
                            anchor, what);
    }
    double bottom_ = 30;
    std::string svg_ = "<text x=\"10\" y=\"24\" font-size=\"15\">Fréchet distance of samples from real clips: mean and "
                       "deviation over the seeds</text>\n";
};

} // namespace

void write_table(const options& how) {
    std::string text = introduction(how);
    picture drawn;
    for (const part& of : parts()) {
        const std::vector<measured> rows = measured_rows(how, of);
        if (rows.size() < std::min<std::size_t>(2, of.rows.size())) continue; // the base alone says nothing
        text += table_of(of, rows);
        drawn.add(of, rows);
    }
    walt::write_atomically(how.run / "ablations.md", text);
    walt::write_atomically(how.run / "ablations.svg", drawn.text());
}

} // namespace ablate
