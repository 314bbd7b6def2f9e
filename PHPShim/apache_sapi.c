// PHP's way out when it runs in the server. PHP: sapi/apache2handler/sapi_apache2.c; Apache: server/protocol.c, buffer_output
#include "apache.h"

#include <errno.h>
#include <syslog.h>
#include <unistd.h>

martinet_apache_host apache_host;
apache_state apache_serving;

// Apache collects what a script writes until it does not fit 8,000 bytes: an answer below that has a Content-Length.
static struct {
    char bytes[8000];
    size_t length;
} collected;

void apache_output_begins(void) {
    collected.length = 0;
}

static bool hand_over(const char *bytes, size_t length, bool holds) {
    return apache_host.write(apache_host.context, bytes, length, holds);
}

bool apache_output_ends(void) {
    size_t length = collected.length;
    collected.length = 0;
    return !length || hand_over(collected.bytes, length, true);
}

bool apache_output_flush(void) {
    size_t length = collected.length;
    collected.length = 0;
    return (!length || hand_over(collected.bytes, length, true)) && apache_host.flush(apache_host.context);
}

// Start-up and -i have no client.
static size_t write_to_stdout(const char *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(STDOUT_FILENO, bytes + done, length - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        done += (size_t)count;
    }
    return length;
}

static size_t write_body(const char *bytes, size_t length) {
    if (!apache_serving.request) {
        return write_to_stdout(bytes, length);
    }
    if (length <= sizeof collected.bytes - collected.length) {
        memcpy(collected.bytes + collected.length, bytes, length);
        collected.length += length;
        return length;
    }
    size_t before = collected.length;
    collected.length = 0;
    if (!((!before || hand_over(collected.bytes, before, true)) && hand_over(bytes, length, false))) {
        php_handle_aborted_connection();
    }
    return length;
}

static void flush_body(void *context) {
    if (!context) {
        return;
    }
    sapi_send_headers();
    SG(headers_sent) = 1;
    if (!apache_output_flush()) {
        php_handle_aborted_connection();
    }
}

// MARK: headers

static int take_header(sapi_header_struct *header, sapi_header_op_enum operation, sapi_headers_struct *headers) {
    (void)headers;
    void *context = apache_host.context;
    if (operation == SAPI_HEADER_DELETE) {
        apache_host.change(context, MARTINET_TABLE_ANSWER, MARTINET_TABLE_UNSET, header->header, NULL);
        return 0;
    }
    if (operation == SAPI_HEADER_DELETE_ALL) {
        apache_host.change(context, MARTINET_TABLE_ANSWER, MARTINET_TABLE_CLEAR, "", NULL);
        return 0;
    }
    char *colon = operation == SAPI_HEADER_ADD || operation == SAPI_HEADER_REPLACE ? strchr(header->header, ':') : NULL;
    if (!colon) {
        return 0;
    }
    const char *value = colon + 1;
    while (*value == ' ') {
        value++;
    }
    *colon = 0;
    if (strcasecmp(header->header, "content-type") == 0) {
        if (apache_serving.content_type) {
            efree(apache_serving.content_type);
        }
        apache_serving.content_type = estrdup(value);
    } else if (strcasecmp(header->header, "content-length") == 0) {
        char text[32];
        snprintf(text, sizeof text, "%lld", strtoll(value, NULL, 10));
        apache_host.change(context, MARTINET_TABLE_ANSWER, MARTINET_TABLE_SET, "Content-Length", text);
    } else {
        apache_host.change(
            context, MARTINET_TABLE_ANSWER, operation == SAPI_HEADER_REPLACE ? MARTINET_TABLE_SET : MARTINET_TABLE_ADD,
            header->header, value);
    }
    *colon = ':';
    return SAPI_HEADER_ADD;
}

static int send_headers(sapi_headers_struct *headers) {
    const char *line = headers->http_status_line;
    martinet_apache_head head = {.status = headers->http_response_code};
    if (line && strlen(line) > 12 && strncmp(line, "HTTP/1.", 7) == 0 && line[8] == ' ') {
        head.status_line = line + 9;
        head.is_http10 = line[7] == '0';
    }
    if (!apache_serving.content_type) {
        apache_serving.content_type = sapi_get_default_content_type();
    }
    head.content_type = apache_serving.content_type;
    if (apache_serving.request) {
        apache_host.send_head(apache_host.context, &head);
    }
    efree(apache_serving.content_type);
    apache_serving.content_type = NULL;
    return SAPI_HEADER_SENT_SUCCESSFULLY;
}

// MARK: what a request brings

static size_t read_post(char *buffer, size_t count) {
    return apache_serving.request ? apache_host.read_body(apache_host.context, buffer, count) : 0;
}

static char *read_cookies(void) {
    return apache_serving.request ? (char *)apache_serving.request->cookie : NULL;
}

static char *get_environment(const char *name, size_t length) {
    (void)length;
    if (!apache_serving.request) {
        return NULL;
    }
    return (char *)apache_host.get(apache_host.context, MARTINET_TABLE_ENVIRONMENT, name);
}

static void register_one(const char *name, const char *text, zval *array) {
    char *value = (char *)text;
    size_t length = strlen(value);
    if (sapi_module.input_filter(PARSE_SERVER, (char *)name, &value, length, &length)) {
        php_register_variable_safe((char *)name, value, length, array);
    }
}

static void register_variables(zval *array) {
    size_t length = 0;
    const char *at = apache_host.table(apache_host.context, MARTINET_TABLE_ENVIRONMENT, &length);
    for (const char *end = at + length; at && at < end;) {
        const char *value = at + strlen(at) + 1;
        register_one(at, value, array);
        at = value + strlen(value) + 1;
    }
    register_one("PHP_SELF", apache_serving.request->uri, array);
}

static zend_stat_t *get_status_of_file(void) {
    const martinet_apache_request *request = apache_serving.request;
    if (!request) {
        return NULL;
    }
    zend_stat_t *file = &apache_serving.file;
    file->st_uid = request->owner;
    file->st_gid = request->group;
    file->st_dev = request->device;
    file->st_ino = request->inode;
    file->st_atime = request->accessed;
    file->st_mtime = request->modified;
    file->st_ctime = request->changed;
    file->st_size = request->size;
    file->st_nlink = request->links;
    return file;
}

#if PHP_VERSION_ID < 80200
static double get_request_time(void) {
    return apache_serving.request ? apache_serving.request->time : 0;
}
#else
static zend_result get_request_time(double *time) {
    if (!apache_serving.request) {
        return FAILURE;
    }
    *time = apache_serving.request->time;
    return SUCCESS;
}
#endif

static void log_message(const char *message, int syslog_type) {
    apache_host.log(apache_host.context, syslog_type < 0 ? LOG_ERR : syslog_type, message, strlen(message));
}

sapi_module_struct apache_sapi = {
    .name = "apache2handler",
    .pretty_name = "Apache 2.0 Handler",
    .shutdown = php_module_shutdown_wrapper,
    .ub_write = write_body,
    .flush = flush_body,
    .get_stat = get_status_of_file,
    .getenv = get_environment,
    .sapi_error = php_error,
    .header_handler = take_header,
    .send_headers = send_headers,
    .read_post = read_post,
    .read_cookies = read_cookies,
    .register_server_variables = register_variables,
    .log_message = log_message,
    .get_request_time = get_request_time,
};
