// What a program says on standard error, for a test.
#pragma once

#include "catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/// While one lives, standard error goes to a pseudo-terminal of 60 columns, or to a pipe.
class watched_stderr {
  public:
    explicit watched_stderr(bool terminal) : saved_(::dup(2)) {
        int write_end = -1;
        if (terminal) {
            read_end_ = ::posix_openpt(O_RDWR | O_NOCTTY);
            ::grantpt(read_end_);
            ::unlockpt(read_end_);
            write_end = ::open(::ptsname(read_end_), O_RDWR | O_NOCTTY);
            const ::winsize size{24, 60, 0, 0};
            ::ioctl(write_end, TIOCSWINSZ, &size);
        } else {
            int ends[2];
            REQUIRE(::pipe(ends) == 0);
            read_end_ = ends[0];
            write_end = ends[1];
        }
        ::fcntl(read_end_, F_SETFL, O_NONBLOCK);
        std::fflush(stderr);
        ::dup2(write_end, 2);
        ::close(write_end);
    }
    watched_stderr(const watched_stderr&) = delete;
    watched_stderr& operator=(const watched_stderr&) = delete;
    ~watched_stderr() {
        std::fflush(stderr);
        ::dup2(saved_, 2);
        ::close(saved_);
        ::close(read_end_);
    }
    std::string text() {
        std::fflush(stderr);
        std::string all;
        char part[4096];
        for (::ssize_t got; (got = ::read(read_end_, part, sizeof part)) > 0;)
            all.append(part, static_cast<std::size_t>(got));
        return all;
    }

  private:
    int saved_, read_end_ = -1;
};
