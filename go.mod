module panther

go 1.26
