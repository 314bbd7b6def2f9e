// PHP's way out: output, headers, body, cookies, log. PHP: sapi/fpm/fpm/fpm_main.c, cgi_sapi_module; main/SAPI.h
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

// php-fpm cuts a Status line to what fits its buffer.
#define STATUS_LINE_MAXIMUM 1023
#define IS_HEADER(line, length, name) ((length) > sizeof(name) - 1 && strncasecmp((line), (name), sizeof(name) - 1) == 0)

// Between requests (start-up, -i) output goes to standard output.
static size_t write_to_stdout(const char *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(STDOUT_FILENO, bytes + done, length - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            php_handle_aborted_connection();
            break;
        }
        done += (size_t)count;
    }
    return done;
}

// Scripts write thousands of short pieces, and what the host does with each costs more than the piece. What lies here goes
// before anything else that is told to the host.
static struct {
    char bytes[1024];
    size_t length;
} pieces;

bool output_send_pieces(void) {
    size_t length = pieces.length;
    pieces.length = 0;
    return !length || host.write(host.context, pieces.bytes, length);
}

static size_t write_body(const char *bytes, size_t length) {
    if (!serving.request) {
        return write_to_stdout(bytes, length);
    }
    if (length < sizeof pieces.bytes - pieces.length) {
        memcpy(pieces.bytes + pieces.length, bytes, length);
        pieces.length += length;
        return length;
    }
    bool is_there = output_send_pieces();
    if (length < sizeof pieces.bytes) {
        memcpy(pieces.bytes, bytes, length);
        pieces.length = length;
    } else {
        is_there = is_there && host.write(host.context, bytes, length);
    }
    if (!is_there) {
        php_handle_aborted_connection();
        return 0;
    }
    return length;
}

static void flush_body(void *context) {
    (void)context;
    if (!serving.request) {
        return;
    }
#if PHP_VERSION_ID >= 80400
    sapi_send_headers();
#endif
    if (!(output_send_pieces() && host.flush(host.context))) {
        php_handle_aborted_connection();
    }
}

// MARK: headers

// The head of the answer while it is put together; its memory serves all requests.
static struct {
    char *bytes;
    size_t length, capacity;
} head;

static void head_add(const char *bytes, size_t length) {
    if (head.capacity - head.length < length) {
        head.capacity = (head.length + length) * 2 + 512;
        head.bytes = perealloc(head.bytes, head.capacity, 1);
    }
    memcpy(head.bytes + head.length, bytes, length);
    head.length += length;
}

static void head_add_line(const char *bytes, size_t length) {
    head_add(bytes, length);
    head_add("\r\n", 2);
}

static const char *reason_of(int status);

static bool has_status_header(sapi_headers_struct *headers) {
    zend_llist_position at;
    for (sapi_header_struct *h = zend_llist_get_first_ex(&headers->headers, &at); h;
         h = zend_llist_get_next_ex(&headers->headers, &at)) {
        if (IS_HEADER(h->header, h->header_len, "Status:")) {
            return true;
        }
    }
    return false;
}

// Writes the line for a status that is not 200, unless a script's own Status header will do; returns the status it names.
static int head_add_status(sapi_headers_struct *headers, bool *written) {
    char line[STATUS_LINE_MAXIMUM + 1];
    const char *given = headers->http_status_line;
    const char *space = given ? strchr(given, ' ') : NULL;
    int status = headers->http_response_code;
    size_t length;
    *written = true;
    if (php_shim_ini.rfc2616_headers && given) {
        length = slprintf(line, sizeof line, "%s", given);
        status = space ? atoi(space + 1) : status;
    } else if (space && space - given >= 5 && strncasecmp(given, "HTTP/", 5) == 0) {
        length = slprintf(line, sizeof line, "Status:%s", space);
        status = atoi(space + 1);
    } else if (has_status_header(headers)) {
        *written = false;
        return status;
    } else {
        const char *reason = reason_of(status);
        length = slprintf(line, sizeof line, reason ? "Status: %d %s" : "Status: %d", status, reason);
    }
    head_add_line(line, length);
    return status;
}

static int send_headers(sapi_headers_struct *headers) {
    if (SG(request_info).no_headers || !serving.request) {
        return SAPI_HEADER_SENT_SUCCESSFULLY;
    }
    bool status_written = false;
    int status = headers->http_response_code;
    head.length = 0;
    if (php_shim_ini.nph || status != 200) {
        status = head_add_status(headers, &status_written);
    }
    zend_llist_position at;
    for (sapi_header_struct *h = zend_llist_get_first_ex(&headers->headers, &at); h;
         h = zend_llist_get_next_ex(&headers->headers, &at)) {
        if (IS_HEADER(h->header, h->header_len, "Status:")) {
            if (status_written) {
                continue;
            }
            status_written = true;
        } else if (status == 304 && IS_HEADER(h->header, h->header_len, "Content-Type:")) {
            continue;
        }
        if (h->header_len) {
            head_add_line(h->header, h->header_len);
        }
    }
    head_add("\r\n", 2);
    if (!host.send_head(host.context, headers->http_response_code, head.bytes, head.length)) {
        php_handle_aborted_connection();
    }
    return SAPI_HEADER_SENT_SUCCESSFULLY;
}

// MARK: what a request brings

// The body is in a file when the web server says so (REQUEST_BODY_FILE).
static int body_file(void) {
    if (serving.body_file == -1) {
        const char *name = ENVIRONMENT("REQUEST_BODY_FILE");
        serving.body_file = -2;
        if (name && *name) {
            serving.body_file = open(name, O_RDONLY | O_CLOEXEC);
            if (serving.body_file < 0) {
                serving.body_file = -1;
                php_error(E_WARNING, "REQUEST_BODY_FILE: open('%s') failed: %s (%d)", name, strerror(errno), errno);
            }
        }
    }
    return serving.body_file;
}

static size_t read_post(char *buffer, size_t count) {
    if (!serving.request) {
        return 0;
    }
    size_t left = (size_t)(SG(request_info).content_length - SG(read_post_bytes));
    size_t wanted = left < count ? left : count, done = 0;
    while (done < wanted) {
        int file = body_file();
        if (file == -1) {
            return 0;
        }
        ssize_t got = file >= 0 ? read(file, buffer + done, wanted - done)
                                : (ssize_t)host.read_body(host.context, buffer + done, wanted - done);
        if (got <= 0) {
            break;
        }
        done += (size_t)got;
    }
    return done;
}

static char *read_cookies(void) {
    return serving.request ? (char *)ENVIRONMENT("HTTP_COOKIE") : NULL;
}

static char *get_environment(const char *name, size_t length) {
    return serving.request ? (char *)environment_get(name, length) : getenv(name);
}

// MARK: a request's begin and end, log

static int activate(void) {
    pieces.length = 0;
    if (!SG(request_info).path_translated) {
        return FAILURE;
    }
    user_ini_activate();
    return SUCCESS;
}

static int deactivate(void) {
    if (SG(sapi_started) && serving.request && !(output_send_pieces() && host.finish(host.context))) {
        php_handle_aborted_connection();
    }
    return SUCCESS;
}

static void write_log(int level, const char *prefix, const char *message, size_t length) {
    bool is_there = !serving.request || output_send_pieces();
    if (!(host.log(host.context, level, prefix, message, length) && is_there) && serving.request) {
        php_handle_aborted_connection();
    }
}

void shim_log(int level, const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_log(level, "", text, length < 0 ? 0 : (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void log_message(const char *message, int syslog_type) {
    (void)syslog_type;
    write_log(MARTINET_PHP_NOTICE, "PHP message: ", message, strlen(message));
}

sapi_module_struct shim_sapi = {
    // opcache knows this name, and scripts ask for it.
    .name = "fpm-fcgi",
    .pretty_name = "FPM/FastCGI",
    .shutdown = php_module_shutdown_wrapper,
    .activate = activate,
    .deactivate = deactivate,
    .ub_write = write_body,
    .flush = flush_body,
    .getenv = get_environment,
    .sapi_error = php_error,
    .send_headers = send_headers,
    .read_post = read_post,
    .read_cookies = read_cookies,
    .register_server_variables = environment_register,
    .log_message = log_message,
};

// The header defines a table, not a declaration: it stands at the end, where only this function sees it.
#include <http_status_codes.h>

static const char *reason_of(int status) {
    for (const http_response_status_code_pair *pair = http_status_map; pair->code; pair++) {
        if (pair->code == status) {
            return pair->str;
        }
    }
    return NULL;
}
